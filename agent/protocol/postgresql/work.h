// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

namespace spanwire::protocol::postgresql {

// What the server still has to answer.
enum class WorkKind : uint8_t {
  kUnit,     // extended query: what becomes one span, see Unit
  kSimple,   // Query or FunctionCall: answered up to ReadyForQuery
  kStartup,  // the same for a connection's beginning
  kSync,     // answered with ReadyForQuery
  kCopyEnd,  // the client's data for a COPY ended: answered by nothing of its own
};

// One piece of work. A unit is one statement's messages: Parse, Bind, Describe, Execute, or as many
// of them as the client sent before the next statement, a Sync or a Flush.
struct Work {
  WorkKind kind = WorkKind::kUnit;
  uint64_t id = 0;
  // Answers that are still to come.
  uint32_t parses = 0;
  uint32_t binds = 0;
  uint32_t describes = 0;
  uint32_t executes = 0;
  bool closed = false;  // the client's part is complete
  bool unseen = false;  // what it does is not known: it was prepared before
  char verb = 0;        // the statement's first letter: S, I, U, D of SELECT, …; 0: any

  bool all_answered() const { return parses + binds + describes + executes == 0; }
};

// The work of a connection in the order in which it is answered.
class WorkQueue {
 public:
  // Deeper than any pipeline that a client's buffers let grow.
  static constexpr size_t kMaxDepth = 65'536;

  bool empty() const { return work_.empty(); }
  bool full() const { return work_.size() >= kMaxDepth; }
  size_t size() const { return work_.size(); }
  Work& front() { return work_.front(); }
  const Work& at(size_t index) const { return work_[index]; }
  void Push(const Work& work) { work_.push_back(work); }
  void Pop() { work_.pop_front(); }

  // The unit `id`, if it is the newest piece of work.
  Work* Newest(uint64_t id) {
    return !work_.empty() && work_.back().id == id ? &work_.back() : nullptr;
  }

  // A server in COPY FROM STDIN passes over the Syncs that come before the data's end. Removes
  // them behind the front. True when the data's end is already here; it is removed too.
  bool RemoveCopySyncs() {
    size_t index = 1;
    while (index < work_.size() && work_[index].kind != WorkKind::kCopyEnd) {
      if (work_[index].kind != WorkKind::kSync) return false;
      work_.erase(work_.begin() + static_cast<ptrdiff_t>(index));
    }
    if (index >= work_.size()) return false;
    work_.erase(work_.begin() + static_cast<ptrdiff_t>(index));
    return true;
  }

  // Forgets all but the newest `units` pieces of work that are answered with a message of their
  // own, and what came after the first of them. True when the front is another one now.
  bool KeepNewest(size_t units) {
    size_t begin = work_.size();
    while (begin > 0 && units > 0) {
      --begin;
      const WorkKind kind = work_[begin].kind;
      units -= kind != WorkKind::kSync && kind != WorkKind::kCopyEnd ? 1 : 0;
    }
    if (units > 0 || begin == 0) return false;
    work_.erase(work_.begin(), work_.begin() + static_cast<ptrdiff_t>(begin));
    return true;
  }

 private:
  std::deque<Work> work_;
};

}  // namespace spanwire::protocol::postgresql
