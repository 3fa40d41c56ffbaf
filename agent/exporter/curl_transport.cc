// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "agent/exporter/otlp_transport.h"

namespace spanwire::exporter {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kMaxConnectTime = std::chrono::seconds(10);
// How long one wait for the network may last; LimitTo() ends it early.
constexpr auto kMaxPoll = std::chrono::seconds(5);
// And how long when nothing moves; LimitTo() waits for its end.
constexpr auto kStalledPoll = std::chrono::milliseconds(20);

// Before this version libcurl cannot use a connection again that speaks HTTP/2 from its first byte
// (curl issue 10634): gRPC without TLS then connects anew for each batch.
constexpr uint32_t kReusesPriorKnowledge = 0x080000;

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using Multi = std::unique_ptr<CURLM, MultiDeleter>;
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

std::string Lowercase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

void Append(HeaderList& list, const std::string& line) {
  curl_slist* head = list.release();
  curl_slist* longer = curl_slist_append(head, line.c_str());
  list.reset(longer == nullptr ? head : longer);
}

HeaderList MakeHeaders(const OtlpOptions& options, std::string_view agent_version) {
  HeaderList list;
  for (const auto& [name, value] : RequestHeaders(options, agent_version)) {
    // ";" is libcurl's way to say an empty value.
    std::string line = name;
    Append(list, value.empty() ? line.append(";") : line.append(": ").append(value));
  }
  // Without this a large body waits for a "100 Continue" that few servers send.
  Append(list, "Expect:");
  return list;
}

// Notes one line of a header or trailer in `reply`.
void NoteField(std::string_view line, TransportReply& reply) {
  // A status line begins a new answer, and the one before was interim.
  if (line.starts_with("HTTP/")) {
    reply = {};
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = Lowercase(line.substr(0, colon));
  const std::string value(Trim(line.substr(colon + 1)));
  if (name == "content-type") {
    reply.content_type = Lowercase(value);
  } else if (name == "retry-after") {
    reply.retry_after = value;
  } else if (name == "grpc-status") {
    reply.grpc_status = value;
  } else if (name == "grpc-message") {
    reply.grpc_message = value;
  } else if (name == "grpc-status-details-bin") {
    reply.grpc_status_details = value;
  }
}

size_t OnField(const char* bytes, size_t /*one*/, size_t size, TransportReply* reply) {
  NoteField({bytes, size}, *reply);
  return size;
}

// Returning less than `size` makes libcurl give up.
size_t OnBody(const char* bytes, size_t /*one*/, size_t size, TransportReply* reply) {
  if (reply->body.size() + size > kMaxResponseBytes) {
    reply->too_large = true;
    return 0;
  }
  reply->body.append(bytes, size);
  return size;
}

// What usually is behind the failure of a first request: a wrong port or scheme.
std::string_view HintFor(CURLcode code, bool is_grpc) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
      return is_grpc ? "" : " (if that is a gRPC port, choose the protocol grpc)";
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return is_grpc ? " (if that is an OTLP/HTTP port, choose the protocol http/protobuf)" : "";
    case CURLE_SSL_CONNECT_ERROR: return " (if it has no TLS, write http://)";
    default: return "";
  }
}

// libcurl names the socket of a transfer in progress only here.
int OnSocket(curl_socket_t* current, curl_socket_t socket, curlsocktype /*purpose*/) {
  *current = socket;
  return CURL_SOCKOPT_OK;
}

int OnSocketClose(curl_socket_t* current, curl_socket_t socket) {
  if (*current == socket) *current = CURL_SOCKET_BAD;
  return close(socket);
}

class CurlTransport final : public OtlpTransport {
 public:
  CurlTransport(const OtlpOptions& options, std::string_view agent_version)
      : is_grpc_(options.protocol == OtlpProtocol::kGrpc),
        easy_(curl_easy_init()),
        multi_(curl_multi_init()),
        headers_(MakeHeaders(options, agent_version)) {}

  // Sets what all requests share. An error names what this libcurl cannot do.
  Result<> Configure(const OtlpOptions& options);

  TransportReply Post(std::string_view body) override;
  void LimitTo(SteadyClock::time_point deadline) override;

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
    if (code != CURLE_OK && status_ == CURLE_OK) status_ = code;
  }
  // What was read of the file already, else the file.
  void SetPem(CURLoption blob, const std::string& pem, CURLoption file, const std::string& path) {
    curl_blob bytes{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};  // NOLINT: its type
    if (!pem.empty()) {
      Set(blob, &bytes);
    } else if (!path.empty()) {
      Set(file, path.c_str());
    }
  }
  void SetVersion(const OtlpOptions& options);
  bool Perform();
  curl_off_t Moved() const;
  void Wait(std::chrono::milliseconds limit, bool is_stalled);
  SteadyClock::duration Remaining() const;
  std::string FailureText(CURLcode code) const;

  const bool is_grpc_;
  bool has_answered_ = false;               // once at least
  curl_socket_t socket_ = CURL_SOCKET_BAD;  // the latest connection's; libcurl sets it to its end
  Easy easy_;
  Multi multi_;
  HeaderList headers_;
  CURLcode status_ = CURLE_OK;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::atomic<SteadyClock::time_point> deadline_{SteadyClock::time_point::max()};
};

void CurlTransport::SetVersion(const OtlpOptions& options) {
  const bool tls = options.url.starts_with("https://");
  if (tls) {
    Set(CURLOPT_HTTP_VERSION, static_cast<int64_t>(CURL_HTTP_VERSION_2TLS));
  } else if (options.protocol == OtlpProtocol::kGrpc) {
    Set(CURLOPT_HTTP_VERSION, static_cast<int64_t>(CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
    const bool reuses = curl_version_info(CURLVERSION_NOW)->version_num >= kReusesPriorKnowledge;
    Set(CURLOPT_FORBID_REUSE, int64_t{reuses ? 0 : 1});
  } else {
    Set(CURLOPT_HTTP_VERSION, static_cast<int64_t>(CURL_HTTP_VERSION_1_1));
  }
}

Result<> CurlTransport::Configure(const OtlpOptions& options) {
  if (!easy_ || !multi_) return Error{"OTLP transport: out of memory"};
  Set(CURLOPT_URL, options.url.c_str());
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_FOLLOWLOCATION, int64_t{0});
  Set(CURLOPT_NOSIGNAL, int64_t{1});
  Set(CURLOPT_POST, int64_t{1});
  Set(CURLOPT_HTTPHEADER, headers_.get());
  Set(CURLOPT_TCP_NODELAY, int64_t{1});
  Set(CURLOPT_TIMEOUT_MS, int64_t{options.timeout.count()});
  Set(CURLOPT_CONNECTTIMEOUT_MS, int64_t{std::chrono::milliseconds(kMaxConnectTime).count()});
  Set(CURLOPT_HEADERFUNCTION, &OnField);
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_SOCKOPTFUNCTION, &OnSocket);
  Set(CURLOPT_SOCKOPTDATA, &socket_);
  Set(CURLOPT_CLOSESOCKETFUNCTION, &OnSocketClose);
  Set(CURLOPT_CLOSESOCKETDATA, &socket_);
  Set(CURLOPT_ERRORBUFFER, error_text_.data());
  SetVersion(options);
  SetPem(CURLOPT_CAINFO_BLOB, options.certificate_pem, CURLOPT_CAINFO, options.certificate);
  SetPem(CURLOPT_SSLCERT_BLOB, options.client_certificate_pem, CURLOPT_SSLCERT,
         options.client_certificate);
  SetPem(CURLOPT_SSLKEY_BLOB, options.client_key_pem, CURLOPT_SSLKEY, options.client_key);
  if (status_ != CURLE_OK) {
    return Error{std::string("OTLP transport: libcurl refuses an option: ") +
                 curl_easy_strerror(status_)};
  }
  return {};
}

SteadyClock::duration CurlTransport::Remaining() const {
  return deadline_.load(std::memory_order_acquire) - SteadyClock::now();
}

// Bytes that went either way.
curl_off_t CurlTransport::Moved() const {
  curl_off_t sent = 0;
  curl_off_t received = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_DOWNLOAD_T, &received);
  return sent + received;
}

// Waits for the network. When an HTTP/2 window is used up, libcurl goes on asking whether it can
// write, which the socket always affirms; only the server's next frame ends that, so we wait for it
// instead.
void CurlTransport::Wait(std::chrono::milliseconds limit, bool is_stalled) {
  if (!is_stalled || socket_ == CURL_SOCKET_BAD) {
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(limit.count()), nullptr);
    return;
  }
  pollfd readable{.fd = socket_, .events = POLLIN, .revents = 0};
  poll(&readable, 1, static_cast<int>(std::min(limit, kStalledPoll).count()));
}

// Runs the transfer to its end. False when the deadline came first.
bool CurlTransport::Perform() {
  int running = 1;
  curl_off_t moved = 0;
  while (curl_multi_perform(multi_.get(), &running) == CURLM_OK && running > 0) {
    const auto remaining = Remaining();
    if (remaining <= SteadyClock::duration::zero()) return false;
    const curl_off_t before = std::exchange(moved, Moved());
    Wait(std::chrono::ceil<std::chrono::milliseconds>(
             std::min<SteadyClock::duration>(remaining, kMaxPoll)),
         moved == before);
  }
  return true;
}

std::string CurlTransport::FailureText(CURLcode code) const {
  std::string text(error_text_.data());
  if (text.empty()) text = curl_easy_strerror(code);
  return has_answered_ ? text : text.append(HintFor(code, is_grpc_));
}

TransportReply CurlTransport::Post(std::string_view body) {
  TransportReply reply;
  error_text_.front() = '\0';
  // Not copied, and its size is told apart.
  Set(CURLOPT_POSTFIELDS, std::to_address(body.begin()));
  Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  Set(CURLOPT_HEADERDATA, &reply);
  Set(CURLOPT_WRITEDATA, &reply);
  curl_multi_add_handle(multi_.get(), easy_.get());
  const bool finished = Perform();
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  int queued = 0;
  const CURLMsg* done = curl_multi_info_read(multi_.get(), &queued);
  if (done != nullptr && done->msg == CURLMSG_DONE) code = done->data.result;
  curl_multi_remove_handle(multi_.get(), easy_.get());
  if (code != CURLE_OK && !reply.too_large) {
    reply.failure = finished ? FailureText(code) : "out of time";
    return reply;
  }
  int64_t status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  reply.http_status = static_cast<int>(status);
  has_answered_ = true;
  return reply;
}

void CurlTransport::LimitTo(SteadyClock::time_point deadline) {
  deadline_.store(deadline, std::memory_order_release);
  curl_multi_wakeup(multi_.get());
}

}  // namespace

Result<std::unique_ptr<OtlpTransport>> MakeCurlTransport(const OtlpOptions& options,
                                                         std::string_view agent_version) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{"OTLP transport: libcurl does not start"};
  }
  auto transport = std::make_unique<CurlTransport>(options, agent_version);
  SPANWIRE_RETURN_IF_ERROR(transport->Configure(options));
  return std::unique_ptr<OtlpTransport>(std::move(transport));
}

}  // namespace spanwire::exporter
