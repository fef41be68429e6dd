#include "bench/etcd_load.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <queue>

#include "bench/etcd_kv.grpc.pb.h"
#include "cli/kv_load.h"
#include "runtime/base/random.h"

namespace orrery::bench {
namespace {

using Clock = std::chrono::steady_clock;
using etcdserverpb::KV;

constexpr auto kCallTimeout = std::chrono::seconds(10);

/// One client: at most one call under way.
struct Client {
  uint32_t index = 0;
  Clock::time_point due;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::PutResponse>> put;
  std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::RangeResponse>> get;
  etcdserverpb::PutResponse put_response;
  etcdserverpb::RangeResponse get_response;
  grpc::Status status;
};

/// The clients that wait for their time, at a given rate.
struct LaterDue {
  bool operator()(const Client* a, const Client* b) const { return a->due > b->due; }
};

class EtcdLoad {
 public:
  EtcdLoad(const std::vector<std::string>& endpoints, const LoadOptions& options)
      : options_(options), random_(7), value_(options.value_bytes, 'v') {
    for (const std::string& endpoint : endpoints) {
      stubs_.push_back(KV::NewStub(grpc::CreateChannel(endpoint, grpc::InsecureChannelCredentials())));
    }
    clients_.resize(options.clients);
  }

  LoadResult Run() {
    const Clock::time_point start = Clock::now();
    measured_from_ = start + Span(options_.warmup_seconds);
    end_ = measured_from_ + Span(options_.seconds);
    gap_ = options_.rate > 0 ? Span(options_.clients / options_.rate) : Clock::duration(0);
    for (uint32_t i = 0; i < options_.clients; ++i) {
      clients_[i].index = i;
      clients_[i].due = start + gap_ * i / options_.clients;
      Begin(clients_[i]);
    }
    while (under_way_ > 0 || !waiting_.empty()) Turn();
    result_.seconds = options_.seconds;
    return std::move(result_);
  }

 private:
  static Clock::duration Span(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  void Begin(Client& client) {
    if (Clock::now() >= end_) return;
    if (gap_.count() == 0) client.due = Clock::now();
    if (client.due > Clock::now()) {
      waiting_.push(&client);
    } else {
      Send(client);
    }
  }

  void Send(Client& client) {
    KV::Stub& stub = *stubs_[client.index % stubs_.size()];
    client.context = std::make_unique<grpc::ClientContext>();
    client.context->set_deadline(std::chrono::system_clock::now() + kCallTimeout);
    const std::string key = cli::BenchKey(random_.Below(options_.keys));
    if (options_.operation == "put") {
      etcdserverpb::PutRequest request;
      request.set_key(key);
      request.set_value(value_);
      client.put = stub.AsyncPut(client.context.get(), request, &queue_);
      client.put->Finish(&client.put_response, &client.status, &client);
    } else {
      etcdserverpb::RangeRequest request;
      request.set_key(key);
      client.get = stub.AsyncRange(client.context.get(), request, &queue_);
      client.get->Finish(&client.get_response, &client.status, &client);
    }
    ++under_way_;
  }

  void Turn() {
    void* tag = nullptr;
    bool ok = false;
    const Clock::duration wait = waiting_.empty() ? Clock::duration(kCallTimeout) : waiting_.top()->due - Clock::now();
    if (queue_.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + wait) == grpc::CompletionQueue::GOT_EVENT)
      Finish(*static_cast<Client*>(tag));
    while (!waiting_.empty() && waiting_.top()->due <= Clock::now()) {
      Client* client = waiting_.top();
      waiting_.pop();
      Send(*client);
    }
  }

  void Finish(Client& client) {
    --under_way_;
    if (!client.status.ok()) {
      if (result_.errors++ == 0) result_.first_error = client.status.error_message();
    } else if (client.due >= measured_from_) {
      result_.latencies.Add(Clock::now() - client.due);
    }
    client.due += gap_;
    Begin(client);
  }

  LoadOptions options_;
  Random random_;
  std::string value_;
  std::vector<std::unique_ptr<KV::Stub>> stubs_;
  std::vector<Client> clients_;
  std::priority_queue<Client*, std::vector<Client*>, LaterDue> waiting_;
  grpc::CompletionQueue queue_;
  size_t under_way_ = 0;
  Clock::time_point measured_from_;
  Clock::time_point end_;
  Clock::duration gap_{};
  LoadResult result_;
};

}  // namespace

LoadResult LoadEtcd(const std::vector<std::string>& endpoints, const LoadOptions& options) {
  return EtcdLoad(endpoints, options).Run();
}

}  // namespace orrery::bench
