// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/hash.h"
#include "agent/base/time.h"
#include "agent/model/span.h"
#include "agent/trace/key_table.h"
#include "agent/trace/slots.h"

namespace spanwire::trace {

// One exchange on its way to a span: its ids, and what hangs on them.
//
//   open ──Resolve()──▶ resolved: trace id, parent and flags are final
//     └─────End()─────▶ ended: the span is here
//
// It leaves when it is both. Its children in other exchanges take over its trace id, so they are
// resolved after it.
struct Node {
  uint64_t name = 0;  // of the exchange, see SpanTree::NameOf()
  bool is_client = false;
  bool resolved = false;
  bool awaits_hop = false;  // a server whose client's end may still show up
  bool hop_taken = false;   // a client whose server's end has shown up
  bool remote = false;      // the parent belongs to another process
  uint8_t flags = 0;
  model::TraceId trace_id{};
  model::SpanId span_id{};
  model::SpanId parent_span_id{};
  std::string_view header{};  // format of the trace header that the request carries; static
  std::string_view method{};  // how the parent was found; static
  std::string_view reason{};  // why there is none, or nothing; static
  double confidence = 0;      // 0: the parent is certain
  Hash128 hop{};              // where the other end meets this one
  Handle link{};              // the linker's name for it
  Handle parent{};
  Handle first_child{};  // of those that wait for this one
  Handle next_child{};   // of the same parent
  std::unique_ptr<model::Span> span{};
  std::vector<model::SpanLink> links{};
};

class NodeSink {
 public:
  virtual ~NodeSink() = default;
  // The node is resolved and has ended: it leaves after this.
  virtual void OnReady(Handle handle, Node& node) = 0;
};

// The exchanges that are open or wait for their trace.
class SpanTree {
 public:
  explicit SpanTree(NodeSink& sink) : sink_(sink) {}

  static uint64_t NameOf(uint64_t connection, uint64_t ordinal);

  Handle Add(Node node);
  Node* Find(Handle handle) { return nodes_.Find(handle); }
  Handle FindName(uint64_t name);

  // `child` belongs under `parent`: it takes over its trace, now or when that is final. False when
  // `parent` is a descendant of `child`, or gone.
  bool Attach(Handle child, Handle parent);
  // The ids that stand in the node are final.
  void Resolve(Handle handle);
  void End(Handle handle, std::unique_ptr<model::Span> span);

  // The unresolved node that `handle` waits for, perhaps itself.
  Handle Root(Handle handle);

  // Spans that wait, and exchanges that are open.
  size_t held() const { return held_; }
  size_t size() const { return nodes_.size(); }

 private:
  void Inherit(Node& child, const Node& parent);
  void PassOn(Handle handle, Node& node);
  void Finish(Handle handle, Node& node);

  NodeSink& sink_;
  Slots<Node> nodes_;
  KeyTable<Handle> names_;
  size_t held_ = 0;
  std::vector<Handle> resolving_;
};

}  // namespace spanwire::trace
