#include "faults/shrink/candidate_judge.h"

#include <algorithm>
#include <utility>

#include "faults/shrink/capsule_edit.h"

namespace orrery::faults {

/// One call of First().
class CandidateJudge::Search {
 public:
  Search(CandidateJudge& judge, size_t count, const Make& make, uint64_t variants)
      : judge_(judge), count_(count), make_(make), total_(count * variants) {}

  std::optional<Win> Run() {
    while (!judge_.ended_) {
      StartMore();
      if (under_way_.empty()) break;
      Result<std::optional<CandidateRunner::Done>> done = judge_.runner_.WaitAny();
      if (!done.ok() || !done->has_value()) {
        judge_.End(done.status());
        return std::nullopt;
      }
      Finish(**done);
    }
    if (judge_.ended_ || !winner_) return std::nullopt;
    return Win{winner_->index, std::move(winner_->capsule)};
  }

 private:
  /// Fills the runner in order, until there is a winner: nothing behind it matters.
  void StartMore() {
    while (!winner_ && next_ < total_ && under_way_.size() < judge_.runner_.jobs()) {
      const size_t place = next_++;
      std::optional<Attempt> attempt = MakeAttempt(place);
      if (!attempt) continue;
      if (const std::optional<bool> known = judge_.log_.Find(attempt->key)) {
        if (*known) Wins(place, *std::move(attempt));
        continue;
      }
      // Equal to one under way, which comes first: what that one shows holds for both.
      if (UnderWay(attempt->key)) continue;
      ++judge_.tried_;
      const uint64_t ticket = judge_.next_ticket_++;
      const Status started = judge_.runner_.Start(ticket, FormatCapsule(attempt->capsule));
      if (!started.ok()) return judge_.End(started);
      under_way_.emplace(ticket, std::pair(place, *std::move(attempt)));
    }
  }

  bool UnderWay(const std::string& key) const {
    return std::any_of(under_way_.begin(), under_way_.end(),
                       [&](const auto& other) { return other.second.second.key == key; });
  }

  std::optional<Attempt> MakeAttempt(size_t place) const {
    std::optional<Capsule> candidate = make_(place % count_);
    if (!candidate) return std::nullopt;
    Capsule varied = place < count_ ? *std::move(candidate) : Variant(*candidate, place / count_);
    if (!varied.Validate().ok()) return std::nullopt;
    std::string key = TriedLog::KeyOf(FormatCapsule(varied));
    return Attempt{place % count_, std::move(varied), std::move(key)};
  }

  void Finish(const CandidateRunner::Done& done) {
    auto found = under_way_.extract(done.ticket);
    auto& [place, attempt] = found.mapped();
    if (const Status noted = judge_.log_.Add(attempt.key, done.fails); !noted.ok()) return judge_.End(noted);
    if (done.fails) Wins(place, std::move(attempt));
  }

  /// A better one may still be under way; worse ones are given up.
  void Wins(size_t place, Attempt attempt) {
    winner_ = std::move(attempt);
    for (auto at = under_way_.begin(); at != under_way_.end();) {
      if (at->second.first < place) {
        ++at;
        continue;
      }
      judge_.runner_.Cancel(at->first);
      at = under_way_.erase(at);
    }
  }

  CandidateJudge& judge_;
  size_t count_;
  const Make& make_;
  size_t total_;
  size_t next_ = 0;
  std::map<uint64_t, std::pair<size_t, Attempt>> under_way_;
  std::optional<Attempt> winner_;
};

std::optional<CandidateJudge::Win> CandidateJudge::First(size_t count, const Make& make, uint64_t variants) {
  return Search(*this, count, make, variants).Run();
}

void CandidateJudge::End(Status status) {
  ended_ = true;
  if (broken_.ok()) broken_ = std::move(status);
}

}  // namespace orrery::faults
