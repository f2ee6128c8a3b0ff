// SPDX-License-Identifier: Apache-2.0
#include "entry.h"

#include <c10/util/Exception.h>

#include <cmath>

#include "../activations.h"
#include "../kernels/reach.h"

namespace smoothact {

const std::vector<Entry>& entries() {
  static const std::vector<Entry> list = [] {
    std::vector<Entry> l;
    Activations::for_each([&]<class A, int I>() {
      l.push_back({I, std::string(A::descriptor.name), &A::descriptor, InTwoTerms<A>});
    });
    return l;
  }();
  return list;
}

void check_tensor(const at::Tensor& t, c10::function_ref<std::string()> name) {
  TORCH_CHECK_TYPE(t.defined(), "smoothact::", name(), ": expected a Tensor, got None");
  TORCH_CHECK_NOT_IMPLEMENTED(t.layout() == at::kStrided, "smoothact::", name(), ": not implemented for layout ",
                              t.layout(), " (dtype ", t.scalar_type(), "); expected a strided tensor");
  const auto type = t.scalar_type();
  TORCH_CHECK_NOT_IMPLEMENTED(type == at::kFloat || type == at::kDouble || type == at::kBFloat16 || type == at::kHalf,
                              "smoothact::", name(), ": not implemented for dtype ", type,
                              "; expected Float, Double, BFloat16 or Half");
}

void check_input(const Entry& e, Order order, const at::Tensor& t) {
  check_tensor(t, [&] { return op_name(e, order); });
}

const DomainBounds& bounds_of(Domain domain) {
  static constexpr DomainBounds bounds[] = {
      {"real", "finite", [](double v) { return v == v; }},
      {"nonnegative", "non-negative and finite", [](double v) { return v >= 0; }},
      {"positive", "positive and finite", [](double v) { return v > 0; }},
      {"from 1 to 16", "from 1 to 16", [](double v) { return 1 <= v && v <= most_exponent; }},
  };
  return bounds[static_cast<int>(domain)];
}

namespace {

bool in_domain(const Parameter& q, double v) {
  return (q.optional && v == infinity) || (bounds_of(q.domain).hold(v) && std::isfinite(v));
}
bool in_reach(const Parameter& q, double v) {
  return q.optional || v == 0 || (least_parameter <= std::abs(v) && std::abs(v) <= most_parameter);
}

}  // namespace

bool takes_parameters(const Entry& e, const Parameters& p) {
  const auto& q = e.descriptor->parameters;
  for (int i = 0; i < q.size; ++i) {
    if (!in_domain(q.items[i], p[i]) || !in_reach(q.items[i], p[i])) return false;
    if (e.descriptor->ascending && i > 0 && !(p[i - 1] < p[i])) return false;
  }
  return true;
}

void check_parameters(const Entry& e, const Parameters& p) {
  int i = 0;
  for (const auto& q : e.descriptor->parameters) {
    const double v = p[i++];
    TORCH_CHECK_VALUE(in_domain(q, v), "smoothact::", e.name, ": ", q.name, " must be ", bounds_of(q.domain).words,
                      ", got ", v);
    TORCH_CHECK_VALUE(in_reach(q, v), "smoothact::", e.name, ": ", q.name, " must be 0 or of a magnitude from ",
                      least_parameter, " to ", most_parameter, ", got ", v);
  }
  const auto* q = e.descriptor->parameters.items;
  for (i = 1; e.descriptor->ascending && i < e.descriptor->parameters.size; ++i)
    TORCH_CHECK_VALUE(p[i - 1] < p[i], "smoothact::", e.name, ": ", q[i - 1].name, " must be less than ", q[i].name,
                      ", got ", p[i - 1], " and ", p[i]);
}

}  // namespace smoothact
