// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/redactor.h"

#include "agent/model/conventions.h"
#include "agent/trace/secrets.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;
using model::AttributeList;

// Made by us from what the kernel said: nothing in it comes from the traced programs. So is all of
// the base.
bool IsOurs(std::string_view name) {
  return name.starts_with("network.") || name.starts_with("spanwire.");
}

// Writes `text` without its secrets to `clean`. False when there are none.
bool Clean(std::string_view text, bool query, std::string& clean) {
  if (!MayHoldSecret(text)) return false;
  auto secret = FindSecret(text, 0, query);
  if (!secret) return false;
  clean.clear();
  size_t done = 0;
  while (secret) {
    clean.append(text.substr(done, secret->begin - done));
    clean.append(secret->substitute);
    done = secret->end;
    secret = FindSecret(text, done, query);
  }
  clean.append(text.substr(done));
  return true;
}

}  // namespace

Verdict Redactor::OnEnd(model::Span& span) {
  for (size_t i = 0; i < span.attributes.own_size(); ++i) {
    const AttributeList::View view = span.attributes.Own(i);
    if (view.type != AttributeList::Type::kString || IsOurs(view.key)) continue;
    if (!Clean(view.text, view.key == key::kUrlQuery, scratch_)) continue;
    span.attributes.ReplaceOwn(i, scratch_);
  }
  if (Clean(span.name, false, scratch_)) span.name = scratch_;
  if (Clean(span.trace_state, false, scratch_)) span.trace_state = scratch_;
  return Verdict::kKeep;
}

}  // namespace spanwire::trace
