#include "workloads/check/history_edn.h"

#include <limits>
#include <optional>
#include <vector>

#include "workloads/check/edn.h"
#include "workloads/check/history_builder.h"

namespace orrery::check {

namespace {

using Kind = EdnForm::Kind;

class Reader {
 public:
  explicit Reader(std::string_view text) : forms_(text) {}

  Result<History> Read() {
    while (true) {
      ORRERY_ASSIGN_OR_RETURN(const bool end, forms_.AtEnd());
      if (end) return builder_.Take();
      ORRERY_ASSIGN_OR_RETURN(const bool list, forms_.EnterList());
      if (list) {
        ORRERY_RETURN_IF_ERROR(ReadList());
        continue;
      }
      ORRERY_ASSIGN_OR_RETURN(const EdnForm form, forms_.Read());
      ORRERY_RETURN_IF_ERROR(ReadEvent(form));
    }
  }

 private:
  static Status Bad(const EdnForm& form, const std::string& what) { return HistoryBuilder::Bad(form.line, what); }

  Status ReadList() {
    while (true) {
      ORRERY_ASSIGN_OR_RETURN(const bool closed, forms_.LeaveList());
      if (closed) return Status::Ok();
      ORRERY_ASSIGN_OR_RETURN(const EdnForm form, forms_.Read());
      ORRERY_RETURN_IF_ERROR(ReadEvent(form));
    }
  }

  Status ReadEvent(const EdnForm& event) {
    if (event.kind != Kind::kMap) return Bad(event, "an event is a map, not " + event.Shown());
    const EdnForm* process = event.Find("process");
    if (process == nullptr) return Bad(event, ":process is missing");
    if (process->kind != Kind::kInt) return Status::Ok();  // the nemesis
    if (process->number < 0 || process->number > std::numeric_limits<uint32_t>::max()) {
      return Bad(event, ":process " + process->Shown() + " is out of range");
    }
    ORRERY_RETURN_IF_ERROR(CheckIndex(event));
    const EdnForm* type = event.Find("type");
    if (type == nullptr || type->kind != Kind::kKeyword) return Bad(event, ":type is missing or not a keyword");
    HistoryBuilder::Event out;
    out.line = event.line;
    out.process = static_cast<uint32_t>(process->number);
    answered_ = type->text == "ok";
    ORRERY_RETURN_IF_ERROR(ReadValue(event, out));
    if (type->text == "invoke") {
      if (!out.has_micros) return Bad(event, ":value is missing");
      return builder_.Invoke(out);
    }
    if (type->text == "ok") return builder_.Complete(out, Outcome::kOk);
    if (type->text == "fail") return builder_.Complete(out, Outcome::kFail);
    if (type->text == "info") return builder_.Complete(out, Outcome::kUnknown);
    return Bad(event, "unknown :type " + type->Shown() + "; known are :invoke, :ok, :fail, :info");
  }

  Status CheckIndex(const EdnForm& event) {
    const EdnForm* index = event.Find("index");
    if (index == nullptr) return Status::Ok();
    if (index->kind != Kind::kInt) return Bad(event, ":index " + index->Shown() + " is not a number");
    if (last_index_ && index->number <= *last_index_) {
      return Bad(event,
                 ":index " + index->Shown() + " after " + std::to_string(*last_index_) + ": events are out of order");
    }
    last_index_ = index->number;
    return Status::Ok();
  }

  Status ReadValue(const EdnForm& event, HistoryBuilder::Event& out) {
    micros_.clear();
    const EdnForm* f = event.Find("f");
    const EdnForm* value = event.Find("value");
    const bool is_txn = f == nullptr || f->IsKeyword("txn");
    static const EdnForm kNothing;
    if (value == nullptr) value = &kNothing;
    if (is_txn) {
      out.has_micros = value->kind != Kind::kNull;
      if (!out.has_micros) return Status::Ok();
      if (value->kind != Kind::kList) return Bad(event, ":value is not a transaction: " + value->Shown());
      for (const EdnForm& micro : value->children) ORRERY_RETURN_IF_ERROR(ReadMicro(micro));
    } else {
      ORRERY_RETURN_IF_ERROR(ReadRegister(event, *f, *value));
    }
    out.micros = micros_;
    return Status::Ok();
  }

  /// [:append k v], [:r k vs], [:r k v], [:w k v].
  Status ReadMicro(const EdnForm& form) {
    // Only lists have three children: those of a map are pairs.
    if (form.children.size() != 3 || form.children[0].kind != Kind::kKeyword) {
      return Bad(form, "not a micro-operation: " + form.Shown());
    }
    const std::string& name = form.children[0].text;
    const EdnForm& argument = form.children[2];
    MicroOp micro;
    if (name == "append") micro.kind = MicroKind::kAppend;
    if (name == "w") micro.kind = MicroKind::kWrite;
    if (name != "append" && name != "w" && name != "r") return Bad(form, "unknown micro-operation " + form.Shown());
    ORRERY_RETURN_IF_ERROR(ReadScalar(form.children[1], micro.key));
    if (micro.key.is_nil()) return Bad(form, "nil is not a key: " + form.Shown());
    if (micro.kind == MicroKind::kRead && argument.kind == Kind::kList) {
      elements_.clear();
      for (const EdnForm& element : argument.children) {
        elements_.emplace_back();
        ORRERY_RETURN_IF_ERROR(ReadScalar(element, elements_.back()));
      }
      micro = builder_.history().ListRead(micro.key, elements_);
    } else {
      ORRERY_RETURN_IF_ERROR(ReadScalar(argument, micro.value));
      if (micro.kind == MicroKind::kRead && micro.value.is_nil()) micro.known = answered_;
    }
    micros_.push_back(micro);
    return Status::Ok();
  }

  /// :read, :write and :cas of the one register of a history; its key is "register".
  Status ReadRegister(const EdnForm& event, const EdnForm& f, const EdnForm& value) {
    MicroOp micro;
    micro.key = builder_.history().Text("register");
    if (f.IsKeyword("read")) {
      ORRERY_RETURN_IF_ERROR(ReadScalar(value, micro.value));
      if (micro.value.is_nil()) micro.known = answered_;
    } else if (f.IsKeyword("write")) {
      micro.kind = MicroKind::kWrite;
      ORRERY_RETURN_IF_ERROR(ReadScalar(value, micro.value));
    } else if (f.IsKeyword("cas")) {
      micro.kind = MicroKind::kCas;
      micro.known = answered_;
      if (value.kind != Kind::kList || value.children.size() != 2) {
        return Bad(event, ":cas needs [expected new], not " + value.Shown());
      }
      ORRERY_RETURN_IF_ERROR(ReadScalar(value.children[0], micro.expected));
      ORRERY_RETURN_IF_ERROR(ReadScalar(value.children[1], micro.value));
    } else {
      return Bad(event, "unknown :f " + f.Shown() + "; known are :txn, :read, :write, :cas");
    }
    micros_.push_back(micro);
    return Status::Ok();
  }

  Status ReadScalar(const EdnForm& form, Value& out) {
    ValueTable& values = builder_.history().values();
    switch (form.kind) {
      case Kind::kNull: out = kNil; return Status::Ok();
      case Kind::kBool: out = values.Bool(form.number != 0); return Status::Ok();
      case Kind::kInt: out = values.Int(form.number); return Status::Ok();
      case Kind::kText: out = values.Text(form.text); return Status::Ok();
      case Kind::kKeyword: out = values.Text(":" + form.text); return Status::Ok();
      default: return Bad(form, "not an integer, text, keyword, boolean or nil: " + form.Shown());
    }
  }

  EdnReader forms_;
  HistoryBuilder builder_;
  std::optional<int64_t> last_index_;
  bool answered_ = false;
  std::vector<MicroOp> micros_;
  std::vector<Value> elements_;
};

}  // namespace

Result<History> ReadEdnHistory(std::string_view text) {
  return Reader(text).Read();
}

}  // namespace orrery::check
