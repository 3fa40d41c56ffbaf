// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "agent/exporter/otlp_options.h"

namespace spanwire::exporter {
namespace {

constexpr std::string_view kPrefix = "OTEL_EXPORTER_OTLP_";
constexpr std::string_view kTracesPrefix = "OTEL_EXPORTER_OTLP_TRACES_";
constexpr const char* kDefaultHttpEndpoint = "http://localhost:4318";
constexpr const char* kDefaultGrpcEndpoint = "http://localhost:4317";

std::string Lowercase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> SplitList(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (const std::string_view item = Trim(text.substr(0, comma)); !item.empty()) {
      items.push_back(item);
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

// A field name of RFC 9110 §5.1.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// A field value: nothing that could end the line.
bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || (static_cast<uint8_t>(c) >= 0x20 && c != '\x7f');
  });
}

std::optional<OtlpProtocol> ParseProtocol(const std::string& text) {
  const std::string name = Lowercase(text);
  if (name == "grpc") return OtlpProtocol::kGrpc;
  if (name == "http/protobuf") return OtlpProtocol::kHttpProtobuf;
  if (name == "http/json") return OtlpProtocol::kHttpJson;
  return std::nullopt;
}

// One pass over the environment.
class Reader {
 public:
  Reader(const EnvironmentLookup& environment, const OtlpOverrides& overrides)
      : environment_(environment), overrides_(overrides) {}

  Result<OtlpSettings> Read() {
    ReadEnabled();
    if (!settings_.enabled) return std::move(settings_);
    SPANWIRE_RETURN_IF_ERROR(ReadProtocol());
    SPANWIRE_RETURN_IF_ERROR(ReadUrl());
    ReadHeaders();
    SPANWIRE_RETURN_IF_ERROR(ReadCompression());
    OtlpOptions& options = settings_.options;
    options.certificate = Signal("CERTIFICATE").value_or(Value{}).text;
    options.client_certificate = Signal("CLIENT_CERTIFICATE").value_or(Value{}).text;
    options.client_key = Signal("CLIENT_KEY").value_or(Value{}).text;
    ReadTimes();
    ReadSizes();
    return std::move(settings_);
  }

 private:
  // A variable that is set, and its name.
  struct Value {
    std::string name;
    std::string text;
  };

  // Empty means not set (specification, "Empty value").
  std::optional<Value> Variable(std::string name) const {
    auto text = environment_(name.c_str());
    if (!text || text->empty()) return std::nullopt;
    return Value{std::move(name), *std::move(text)};
  }

  // OTEL_EXPORTER_OTLP_TRACES_<suffix>, else OTEL_EXPORTER_OTLP_<suffix>.
  std::optional<Value> Signal(const char* suffix) const {
    auto value = Variable(std::string(kTracesPrefix) + suffix);
    return value ? value : Variable(std::string(kPrefix) + suffix);
  }

  // `shown` is the value; empty for what may be secret.
  void Warn(const Value& value, std::string_view why, bool show = true) {
    std::string text = value.name;
    if (show) text.append("=").append(value.text);
    settings_.warnings.push_back(text.append(" is ignored: ").append(why));
  }

  bool IsTrue(const std::optional<Value>& value) {
    if (!value) return false;
    const std::string text = Lowercase(value->text);
    if (text == "true") return true;
    if (text != "false") Warn(*value, "only true and false are known, so it is false");
    return false;
  }

  std::optional<uint64_t> Number(const std::optional<Value>& value, uint64_t least) {
    if (!value) return std::nullopt;
    uint64_t number = 0;
    const char* end = value->text.data() + value->text.size();
    const auto parsed = std::from_chars(value->text.data(), end, number);
    constexpr uint64_t kMost = std::numeric_limits<int32_t>::max();
    if (parsed.ec == std::errc() && parsed.ptr == end && number >= least && number <= kMost) {
      return number;
    }
    Warn(*value, "it is not a whole number from " + std::to_string(least) + " on");
    return std::nullopt;
  }

  bool AsksForOtlp() {
    const auto exporters = Variable("OTEL_TRACES_EXPORTER");
    if (!exporters) return HasEndpoint();
    bool otlp = false;
    for (const std::string_view item : SplitList(exporters->text)) {
      const std::string name = Lowercase(std::string(item));
      if (name == "otlp") otlp = true;
      if (name != "otlp" && name != "none") {
        Warn({exporters->name, name}, "only otlp and none are known");
      }
    }
    return otlp;
  }

  bool HasEndpoint() const { return !overrides_.endpoint.empty() || Signal("ENDPOINT"); }

  void ReadEnabled() {
    const auto disabled = Variable("OTEL_SDK_DISABLED");
    const bool off = IsTrue(disabled);
    const bool otlp = AsksForOtlp();
    settings_.enabled = !overrides_.endpoint.empty() || (otlp && !off);
    if (settings_.enabled && off) Warn(*disabled, "an endpoint is given on the command line");
  }

  Result<> ReadProtocol() {
    if (!overrides_.protocol.empty()) {
      const auto protocol = ParseProtocol(overrides_.protocol);
      if (!protocol) {
        return Error{"OTLP protocol \"" + overrides_.protocol +
                     "\" is unknown: use grpc, http/protobuf or http/json"};
      }
      settings_.options.protocol = *protocol;
      return {};
    }
    settings_.options.protocol = ProtocolOfEnvironment();
    return {};
  }

  OtlpProtocol ProtocolOfEnvironment() {
    if (const auto value = Signal("PROTOCOL")) {
      if (const auto protocol = ParseProtocol(value->text)) return *protocol;
      Warn(*value, "it is not grpc, http/protobuf or http/json");
    }
    const auto variable = Signal("ENDPOINT");
    const std::string endpoint =
        !overrides_.endpoint.empty() ? overrides_.endpoint : variable.value_or(Value{}).text;
    return NamesPort(endpoint, "4317") ? OtlpProtocol::kGrpc : OtlpProtocol::kHttpProtobuf;
  }

  Result<std::string> Url() {
    const OtlpProtocol protocol = settings_.options.protocol;
    const bool insecure = IsTrue(Signal("INSECURE"));
    if (!overrides_.endpoint.empty()) return TracesUrl(overrides_.endpoint, protocol, insecure);
    if (const auto value = Variable(std::string(kTracesPrefix) + "ENDPOINT")) {
      return SignalUrl(value->text, protocol, insecure);
    }
    if (const auto value = Variable(std::string(kPrefix) + "ENDPOINT")) {
      return TracesUrl(value->text, protocol, insecure);
    }
    const bool grpc = protocol == OtlpProtocol::kGrpc;
    return TracesUrl(grpc ? kDefaultGrpcEndpoint : kDefaultHttpEndpoint, protocol, insecure);
  }

  Result<> ReadUrl() {
    Result<std::string> url = Url();
    if (!url) return url.error();
    settings_.options.url = std::move(*url);
    return {};
  }

  void ReadHeaders() {
    const auto value = Signal("HEADERS");
    if (!value) return;
    for (const std::string_view item : SplitList(value->text)) {
      const size_t equals = item.find('=');
      const auto text = equals == std::string_view::npos
                            ? std::nullopt
                            : PercentDecode(Trim(item.substr(equals + 1)));
      const std::string name(Trim(item.substr(0, std::min(equals, item.size()))));
      if (text && IsToken(name) && IsFieldValue(*text)) {
        settings_.options.headers.emplace_back(Lowercase(name), *text);
      } else {
        Warn(*value, "one of its items is not name=value", false);
      }
    }
  }

  Result<> ReadCompression() {
    const auto value = Signal("COMPRESSION");
    const bool is_override = !overrides_.compression.empty();
    if (!value && !is_override) return {};
    const std::string name = Lowercase(is_override ? overrides_.compression : value->text);
    if (name == "gzip") {
      settings_.options.compression = Compression::kGzip;
    } else if (name != "none" && is_override) {
      return Error{"OTLP compression \"" + name + "\" is unknown: use gzip or none"};
    } else if (name != "none") {
      Warn(*value, "it is not gzip or none");
    }
    return {};
  }

  void ReadTimes() {
    OtlpOptions& options = settings_.options;
    if (const auto ms = Number(Signal("TIMEOUT"), 0)) {
      options.timeout = std::chrono::milliseconds(*ms);
    }
    const auto limit = Number(Variable("OTEL_BSP_EXPORT_TIMEOUT"), 0);
    if (limit && *limit != 0) {
      const std::chrono::milliseconds most(*limit);
      options.timeout = options.timeout.count() == 0 ? most : std::min(options.timeout, most);
    }
    if (const auto ms = Number(Variable("OTEL_BSP_SCHEDULE_DELAY"), 0)) {
      options.schedule_delay = std::chrono::milliseconds(*ms);
    }
  }

  void ReadSizes() {
    OtlpOptions& options = settings_.options;
    if (const auto spans = Number(Variable("OTEL_BSP_MAX_QUEUE_SIZE"), 1)) {
      options.max_queue_spans = *spans;
    }
    const auto batch = Variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE");
    if (const auto spans = Number(batch, 1)) {
      options.max_batch_spans = *spans;
      if (*spans > options.max_queue_spans) Warn(*batch, "it exceeds the size of the queue");
    }
    options.max_batch_spans = std::min(options.max_batch_spans, options.max_queue_spans);
  }

  const EnvironmentLookup& environment_;
  const OtlpOverrides& overrides_;
  OtlpSettings settings_;
};

}  // namespace

Result<OtlpSettings> OtlpOptionsFromEnvironment(const EnvironmentLookup& environment,
                                                const OtlpOverrides& overrides) {
  return Reader(environment, overrides).Read();
}

}  // namespace spanwire::exporter
