#include "bench/orrery_load.h"

#include "cli/kv_load.h"

namespace orrery::bench {

Result<LoadResult> LoadOrrery(const std::string& config_path, const LoadOptions& options) {
  LoadResult result{.seconds = options.seconds};
  const cli::KvLoadOptions load{.mix = options.operation,
                                .clients = options.clients,
                                .keys = options.keys,
                                .value_bytes = options.value_bytes,
                                .seconds = options.seconds,
                                .warmup_seconds = options.warmup_seconds,
                                .rate = options.rate};
  const int code = cli::RunSession(cli::SessionOptions{.config_path = config_path}, [&](cli::Session& session) {
    cli::KvLoadCounts counts = cli::RunKvLoad(session, load);
    result.latencies = options.operation == "put" ? std::move(counts.puts) : std::move(counts.gets);
    result.errors = counts.errors;
    result.first_error = counts.first_error;
    return Status::Ok();
  });
  if (code != 0) return Status(StatusCode::kUnavailable, "the cluster could not be driven");
  return result;
}

}  // namespace orrery::bench
