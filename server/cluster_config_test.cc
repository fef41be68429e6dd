#include <doctest/doctest.h>

#include "server/store_config.h"

using namespace orrery;

namespace {

constexpr char kGood[] = R"(cluster_id = 7
name = "demo"

[[store]]
id = 2
address = "127.0.0.1:7002"

[[store]]
id = 1
address = "127.0.0.1:7001"
data_dir = "/var/lib/orrery/1"

[raft]
tick_ms = 50
lease_reads = false

[storage]
block_cache_bytes = 1000000

[limits]
slow_reads_max = 9
)";

std::string ErrorOf(std::string_view text) {
  const Result<ClusterConfig> config = ParseClusterConfig(text, "cluster.toml");
  return config.ok() ? "no error" : std::string(config.status().message());
}

std::string With(std::string_view line) {
  return std::string(line) + "\n" + kGood;
}

}  // namespace

TEST_CASE("Cluster configuration: a good file is read as written") {
  const Result<ClusterConfig> config = ParseClusterConfig(kGood, "cluster.toml");
  REQUIRE_MESSAGE(config.ok(), ErrorOf(kGood));
  CHECK(config.value().cluster == ClusterId(7));
  CHECK(config.value().name == "demo");
  REQUIRE(config.value().stores.size() == 2);
  CHECK(config.value().stores[0].data_directory == "/var/lib/orrery/1");
  CHECK(config.value().options.region.tick == milliseconds(50));
  CHECK(!config.value().options.region.lease_reads);
  CHECK(config.value().options.engine.block_cache_bytes == 1000000);
  CHECK(config.value().options.slow_reads_max == 9);
}

TEST_CASE("Cluster configuration: a store is found by its id, a stranger by its name") {
  const ClusterConfig config = ParseClusterConfig(kGood, "cluster.toml").value();
  CHECK(config.ForStore(StoreId(2), StartMode::kNew).value().address == "127.0.0.1:7002");
  CHECK(config.ForStore(StoreId(9), StartMode::kNew).status().message() == "the configuration lists no store 9");
}

TEST_CASE("Cluster configuration: errors name file, line and key") {
  CHECK(ErrorOf(With("colour = \"blue\"")) == "cluster.toml:1: colour: unknown key");
  CHECK(ErrorOf("cluster_id = \"seven\"") == "cluster.toml:1: cluster_id: is a string, must be an integer");
  CHECK(ErrorOf("cluster_id = 0") == "cluster.toml:1: cluster_id: must be at least 1");
  CHECK(ErrorOf("cluster_id = 1\n[raft]\nticks = 3") == "cluster.toml:3: raft.ticks: unknown key");
  CHECK(ErrorOf("cluster_id = 1\n[raft]\npre_vote = 3") ==
        "cluster.toml:3: raft.pre_vote: is an integer, must be true or false");
  CHECK(ErrorOf("cluster_id = 1\n[raft]\ntick_ms = -3") ==
        "cluster.toml:3: raft.tick_ms: is -3, allowed is 1 to 10000 ms");
  CHECK(ErrorOf("cluster_id = 1\n[[store]]\nid = 1\naddress = \"here\"") ==
        "cluster.toml:4: store.address: \"here\" is not host:port");
  CHECK(ErrorOf("cluster_id = 1\n[[store]]\nid = 1\naddress = \"h:70000\"") ==
        "cluster.toml:4: store.address: \"h:70000\": the port must be a number from 1 to 65535");
  CHECK(ErrorOf("cluster_id = 1\n[[store]]\nid = 1\naddress = \"h:web\"") ==
        "cluster.toml:4: store.address: \"h:web\": the port must be a number from 1 to 65535");
  CHECK(ErrorOf("cluster_id = 1").find("store: no [[store]] is listed") != std::string::npos);
  CHECK(ErrorOf("name = \"x\"\n[[store]]\nid = 1\naddress = \"h:1\"").find("cluster_id: is missing") !=
        std::string::npos);
}

TEST_CASE("Cluster configuration: one store or one address twice is refused") {
  CHECK(ErrorOf(std::string(kGood) + "[[store]]\nid = 1\naddress = \"h:1\"\n").find("1 stands twice") !=
        std::string::npos);
  CHECK(ErrorOf(std::string(kGood) + "[[store]]\nid = 3\naddress = \"127.0.0.1:7001\"\n")
            .find("127.0.0.1:7001 stands twice") != std::string::npos);
}

TEST_CASE("Cluster configuration: values out of their range and syntax errors are refused") {
  CHECK(ErrorOf(std::string(kGood) + "requests_max = 0\n") ==
        "cluster.toml:22: limits.requests_max: is 0, allowed is 1 to 1000000");
  CHECK(ErrorOf("cluster_id = = 1").find("cluster.toml:1: ") == 0);
  CHECK(ErrorOf("cluster_id = 1\n[*]\n").find("cluster.toml:2: ") == 0);
}

TEST_CASE(
    "Cluster configuration: characters beyond ASCII stand in texts and comments, anywhere else they are refused") {
  // Undefined behaviour of the library once (server/toml_library.h): what UBSan would have to say.
  for (const std::string_view odd : {"[\u00fc]", "[[\u00fc]]", "[raft.\u00fc]", "\u00fc = 1", "name = {\u00fc = 1}",
                                     "name = 1 \u00fc", "name = [\u00fc]"}) {
    CAPTURE(odd);
    CHECK(ErrorOf("cluster_id = 1\n" + std::string(odd) + "\n").find("cluster.toml:2: ") == 0);
  }
  CHECK(ErrorOf("cluster_id = 1\n[\u00fc]\n").find("saw '\u00fc'") != std::string::npos);
  CHECK(ErrorOf("# \u00fc\ncluster_id = 1\nname = \"\u00fc\" # \u00fc\n[[store]]\nid = 1\naddress = \"h:1\"\n") ==
        "no error");
}

TEST_CASE("Cluster configuration: a key out of the bound that another key sets is named, or that one") {
  const std::string base = "cluster_id = 1\n[[store]]\nid = 1\naddress = \"h:1\"\n[raft]\n";
  CHECK(ErrorOf(base + "election_ticks = 5\nheartbeat_ticks = 5\n") ==
        "cluster.toml:7: raft.heartbeat_ticks: is 5, must be at most 4 while raft.election_ticks is 5");
  CHECK(ErrorOf(base + "election_ticks = 2\n") ==
        "cluster.toml:6: raft.election_ticks: raft.heartbeat_ticks is 2, must be at most 1 while raft.election_ticks "
        "is 2");
  CHECK(ErrorOf(base + "[storage]\nfile_bytes = 1073741824\n") ==
        "cluster.toml:7: storage.file_bytes: storage.level_base_bytes is 268435456, must be at least 1073741824 while "
        "storage.file_bytes is 1073741824");
}
