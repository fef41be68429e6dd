#include "raft/region/command.h"

#include <cstring>

namespace orrery {
namespace {

constexpr uint8_t kEntryVersion = 1;
constexpr uint8_t kHasValue = 1;
constexpr uint8_t kHasExpected = 2;

void EncodeOp(const CommandView& command, Encoder& encoder) {
  encoder.Fixed8(static_cast<uint8_t>(command.op));
  switch (command.op) {
    case OpKind::kPut: encoder.LengthPrefixed(command.key).LengthPrefixed(command.value.value_or(ByteView())); return;
    case OpKind::kDelete: encoder.LengthPrefixed(command.key); return;
    case OpKind::kCompareAndSwap: {
      const uint8_t flags =
          static_cast<uint8_t>((command.value ? kHasValue : 0) | (command.expected ? kHasExpected : 0));
      encoder.LengthPrefixed(command.key).Fixed8(flags);
      if (command.value) encoder.LengthPrefixed(*command.value);
      if (command.expected) encoder.LengthPrefixed(*command.expected);
      return;
    }
    case OpKind::kBatch:
      encoder.Varint(command.batch.size());
      for (const MutationView& mutation : command.batch) {
        encoder.Fixed8(mutation.is_delete ? 1 : 0).LengthPrefixed(mutation.key);
        if (!mutation.is_delete) encoder.LengthPrefixed(mutation.value);
      }
      return;
  }
  ORRERY_UNREACHABLE("kind of operation");
}

Status DecodeBatch(Decoder& decoder, CommandView& command) {
  const uint64_t count = decoder.Varint();
  // Two bytes at least for each: a malicious count must not reserve memory.
  if (count > decoder.remaining() / 2) return Status(StatusCode::kCorruption, "command: batch count beyond its bytes");
  command.batch.reserve(count);
  for (uint64_t i = 0; i < count && decoder.ok(); ++i) {
    MutationView mutation;
    const uint8_t flag = decoder.Fixed8();
    if (flag > 1) return Status(StatusCode::kCorruption, "command: unknown mutation flag");
    mutation.is_delete = flag == 1;
    mutation.key = decoder.LengthPrefixed();
    if (!mutation.is_delete) mutation.value = decoder.LengthPrefixed();
    command.batch.push_back(mutation);
  }
  return Status::Ok();
}

Status DecodeOp(Decoder& decoder, CommandView& command) {
  command.op = static_cast<OpKind>(decoder.Fixed8());
  switch (command.op) {
    case OpKind::kPut:
      command.key = decoder.LengthPrefixed();
      command.value = decoder.LengthPrefixed();
      return Status::Ok();
    case OpKind::kDelete: command.key = decoder.LengthPrefixed(); return Status::Ok();
    case OpKind::kCompareAndSwap: {
      command.key = decoder.LengthPrefixed();
      const uint8_t flags = decoder.Fixed8();
      if ((flags & ~(kHasValue | kHasExpected)) != 0) return Status(StatusCode::kCorruption, "command: unknown flags");
      if ((flags & kHasValue) != 0) command.value = decoder.LengthPrefixed();
      if ((flags & kHasExpected) != 0) command.expected = decoder.LengthPrefixed();
      return Status::Ok();
    }
    case OpKind::kBatch: return DecodeBatch(decoder, command);
  }
  return Status(StatusCode::kCorruption, "command: unknown operation");
}

Status DecodeInto(ByteView bytes, CommandView& command) {
  command = CommandView();
  Decoder decoder(bytes);
  command.kind = static_cast<CommandKind>(decoder.Fixed8());
  switch (command.kind) {
    case CommandKind::kWrite:
      command.session = SessionId(decoder.Varint());
      command.sequence = decoder.Varint();
      command.lowest_unanswered = decoder.Varint();
      ORRERY_RETURN_IF_ERROR(DecodeOp(decoder, command));
      break;
    case CommandKind::kOpenSession: command.expires_after_entries = decoder.Varint(); break;
    case CommandKind::kHashState: break;
    case CommandKind::kVerifyHash:
      command.index = LogIndex(decoder.Varint());
      command.hash = decoder.Fixed64();
      break;
    case CommandKind::kCompactLog: command.index = LogIndex(decoder.Varint()); break;
    default: return Status(StatusCode::kCorruption, "command: unknown kind");
  }
  return decoder.Finish("command");
}

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

char* PutVarint(char* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

}  // namespace

Bytes EncodeCommand(const CommandView& command) {
  Bytes bytes;
  bytes.reserve(32 + command.key.size() + command.value.value_or(ByteView()).size());
  Encoder encoder(bytes);
  encoder.Fixed8(static_cast<uint8_t>(command.kind));
  switch (command.kind) {
    case CommandKind::kWrite:
      encoder.Varint(command.session.value()).Varint(command.sequence).Varint(command.lowest_unanswered);
      EncodeOp(command, encoder);
      break;
    case CommandKind::kOpenSession: encoder.Varint(command.expires_after_entries); break;
    case CommandKind::kHashState: break;
    case CommandKind::kVerifyHash: encoder.Varint(command.index.value()).Fixed64(command.hash); break;
    case CommandKind::kCompactLog: encoder.Varint(command.index.value()); break;
  }
  return bytes;
}

Result<CommandView> DecodeCommand(ByteView bytes) {
  CommandView command;
  ORRERY_RETURN_IF_ERROR(DecodeInto(bytes, command));
  return command;
}

size_t EntrySize(const std::vector<Bytes>& commands) {
  size_t size = 1 + VarintSize(commands.size());
  for (const Bytes& command : commands) size += VarintSize(command.size()) + command.size();
  return size;
}

void EncodeEntryTo(const std::vector<Bytes>& commands, char* out) {
  ORRERY_ASSERT(!commands.empty());
  ORRERY_ASSERT(commands.size() <= kCommandsPerEntryMax);
  *out++ = static_cast<char>(kEntryVersion);
  out = PutVarint(out, commands.size());
  for (const Bytes& command : commands) {
    out = PutVarint(out, command.size());
    std::memcpy(out, command.data(), command.size());
    out += command.size();
  }
}

EntryReader::EntryReader(ByteView payload) : decoder_(payload) {
  if (payload.empty()) return;
  const uint8_t version = decoder_.Fixed8();
  if (version != kEntryVersion) {
    status_ = Status(StatusCode::kVersionMismatch, "entry has format " + std::to_string(version) + ", known is 1");
    return;
  }
  count_ = decoder_.Varint();
  if (!decoder_.ok() || count_ == 0 || count_ > kCommandsPerEntryMax) {
    count_ = 0;
    status_ = Status(StatusCode::kCorruption, "entry: impossible count of commands");
  }
}

bool EntryReader::Next() {
  if (!status_.ok()) return false;
  if (read_ == count_) {
    if (!decoder_.AtEnd()) status_ = Status(StatusCode::kCorruption, "entry: bytes behind its last command");
    return false;
  }
  ++read_;
  const ByteView bytes = decoder_.LengthPrefixed();
  status_ = decoder_.ok() ? DecodeInto(bytes, command_) : Status(StatusCode::kCorruption, "entry: truncated");
  return status_.ok();
}

}  // namespace orrery
