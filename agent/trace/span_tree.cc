// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/span_tree.h"

namespace spanwire::trace {
namespace {

// Deeper than any chain of services within one host.
constexpr size_t kMaxDepth = 256;

}  // namespace

uint64_t SpanTree::NameOf(uint64_t connection, uint64_t ordinal) {
  return MixBits(connection) + ordinal * 0x9e3779b97f4a7c15u;
}

Handle SpanTree::Add(Node node) {
  const uint64_t name = node.name;
  const Handle handle = nodes_.Add(std::move(node));
  names_.Put(name) = handle;
  return handle;
}

Handle SpanTree::FindName(uint64_t name) {
  const Handle* found = names_.Find(name);
  return found == nullptr ? Handle() : *found;
}

bool SpanTree::Attach(Handle child, Handle parent) {
  Node* above = Find(parent);
  if (above == nullptr) return false;
  Handle up = parent;
  for (size_t depth = 0; up; ++depth) {
    if (up == child || depth == kMaxDepth) return false;
    const Node* node = Find(up);
    up = node == nullptr ? Handle() : node->parent;
  }
  Node& node = *Find(child);
  node.parent = parent;
  node.parent_span_id = above->span_id;
  if (above->resolved) {
    Inherit(node, *above);
    Resolve(child);
    return true;
  }
  node.next_child = above->first_child;
  above->first_child = child;
  return true;
}

// A header of the child's own says which trace it belongs to.
void SpanTree::Inherit(Node& child, const Node& parent) {
  if (!child.header.empty() && child.is_client) return;
  child.trace_id = parent.trace_id;
  child.flags = parent.flags;
}

void SpanTree::Resolve(Handle handle) {
  resolving_.push_back(handle);
  while (!resolving_.empty()) {
    const Handle next = resolving_.back();
    resolving_.pop_back();
    Node* node = Find(next);
    if (node == nullptr || node->resolved) continue;
    node->resolved = true;
    PassOn(next, *node);
    if (node->span == nullptr) continue;
    --held_;
    Finish(next, *node);
  }
}

// Gives the trace of a node that was just resolved to those that wait for it: they are next.
void SpanTree::PassOn(Handle handle, Node& node) {
  for (Handle child = std::exchange(node.first_child, {}); child;) {
    Node* below = Find(child);
    if (below == nullptr) return;
    const Handle following = std::exchange(below->next_child, {});
    if (!below->resolved && below->parent == handle) {
      Inherit(*below, node);
      resolving_.push_back(child);
    }
    child = following;
  }
}

void SpanTree::End(Handle handle, std::unique_ptr<model::Span> span) {
  Node& node = *Find(handle);
  node.span = std::move(span);
  if (node.resolved) {
    Finish(handle, node);
  } else {
    ++held_;
  }
}

void SpanTree::Finish(Handle handle, Node& node) {
  sink_.OnReady(handle, node);
  names_.Erase(node.name);
  nodes_.Remove(handle);
}

Handle SpanTree::Root(Handle handle) {
  for (size_t depth = 0; depth < kMaxDepth; ++depth) {
    const Node* node = Find(handle);
    const Node* above = node == nullptr ? nullptr : Find(node->parent);
    if (above == nullptr || above->resolved) return handle;
    handle = node->parent;
  }
  return handle;
}

}  // namespace spanwire::trace
