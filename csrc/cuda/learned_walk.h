// SPDX-License-Identifier: Apache-2.0
// What every kernel for parameters in memory does: makes the activations and biases of its block's columns, and walks
// the elements. A block's work is cut into phases that its threads run between barriers, and that the tests run for
// every thread on the host.
#pragma once

#include <cmath>
#include <new>

#include "../activations/descriptor.h"
#include "../kernels/reach.h"
#include "indexing.h"
#include "learned_plan.h"
#include "storage.h"

namespace smoothact::cuda {

template <DType D>
SMOOTHACT_FN auto load_as(const void* data, int64_t i) {
  return reinterpret_cast<const Pack<D, 1>*>(data)[i][0];
}
template <DType D>
SMOOTHACT_FN void store_as(void* data, int64_t i, float y) {
  using One = Pack<D, 1>;
  reinterpret_cast<One*>(data)[i] = One::narrow({y});
}
// Of the data, which is not in double.
SMOOTHACT_FN float load(DType dtype, const void* data, int64_t i) {
  if (dtype == DType::f32) return load_as<DType::f32>(data, i);
  return dtype == DType::bf16 ? load_as<DType::bf16>(data, i) : load_as<DType::f16>(data, i);
}
SMOOTHACT_FN void store(DType dtype, void* data, int64_t i, float y) {
  if (dtype == DType::f32) return store_as<DType::f32>(data, i, y);
  dtype == DType::bf16 ? store_as<DType::bf16>(data, i, y) : store_as<DType::f16>(data, i, y);
}

// Which elements are a thread's.
struct LearnedPlace {
  int lane;
  int64_t column, first, end;

  SMOOTHACT_FN LearnedPlace(const LearnedPlan& plan, uint32_t block, int thread)
      : lane(thread % plan.grid.lanes),
        column(static_cast<int64_t>(block / plan.grid.parts) * plan.grid.lanes + lane),
        first(block % plan.grid.parts * plan.grid.part + thread / plan.grid.lanes),
        end(first - thread / plan.grid.lanes + plan.grid.part) {
    if (end > plan.grid.elements) end = plan.grid.elements;
    if (column >= plan.grid.columns) end = first;
  }
  SMOOTHACT_FN bool nothing() const { return first >= end; }

  // Calls use(places in memory, how many of them there are), Count at a time, so that their loads overlap.
  template <int Count, class Use>
  SMOOTHACT_FN void walk(const LearnedGrid& g, const Use& use) const {
    const int64_t round = LearnedGrid::threads / g.lanes, rows = round / g.run, rest = round % g.run;
    int64_t position = first % g.run, at = first / g.run * g.pitch + column * g.run + position;
    for (int64_t e = first; e < end; e += Count * round) {
      int64_t places[Count];
      int count = 0;
      SMOOTHACT_UNROLL
      for (int i = 0; i < Count; ++i) {
        count += e + i * round < end;
        places[i] = at;
        at += rows * g.pitch + rest;
        position += rest;
        if (position >= g.run) {
          position -= g.run;
          at += g.pitch - g.run;
        }
      }
      use(places, count);
    }
  }
};

SMOOTHACT_FN double value_of(const LearnedParameter& p, int64_t channel) {
  if (!p.data) return p.value;
  const int64_t i = p.per_channel ? channel : 0;
  return p.dtype == DType::f64 ? load_as<DType::f64>(p.data, i) : load(p.dtype, p.data, i);
}

template <class A>
SMOOTHACT_FN A from_numbers(const double* p) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) { return A{p[I]...}; }
  (std::make_index_sequence<A::descriptor.parameters.size>{});
}

// The activations and biases of a block's columns, in memory that runs no constructor.
template <class A>
struct LearnedColumns {
  static constexpr int K = A::descriptor.parameters.size;

  alignas(16) unsigned char memory[LearnedGrid::most_lanes][sizeof(A)];
  float bias[LearnedGrid::most_lanes];
  bool valid[LearnedGrid::most_lanes];

  SMOOTHACT_FN const A& operator[](int lane) const { return *reinterpret_cast<const A*>(memory[lane]); }

  // make(parameters) is an A.
  template <class Make>
  SMOOTHACT_FN void construct(const LearnedPlan& plan, uint32_t block, int thread, const Make& make) {
    const LearnedPlace place(plan, block, thread);
    if (thread >= plan.grid.lanes || place.column >= plan.grid.columns) return;
    const int64_t channel = place.column / plan.grid.repeat;
    bias[thread] = static_cast<float>(value_of(plan.bias, channel));
    double p[K > 0 ? K : 1];
    for (int k = 0; k < K; ++k) p[k] = value_of(plan.parameters[k], channel);
    flush(p, Places{});
    valid[thread] = are_valid(p, Places{});
    if (!valid[thread]) put_defaults(p, Places{});
    new (memory[thread]) A(make(static_cast<const double*>(p)));
  }

 private:
  using Places = std::make_index_sequence<K>;

  // As check_parameters, which cannot look at what is on the device.
  template <std::size_t... I>
  static SMOOTHACT_FN bool are_valid(const double* p, std::index_sequence<I...>) {
    constexpr auto items = A::descriptor.parameters;
    bool all = true;
    ((all = all && ((items.items[I].optional && p[I] == infinity) ||
                    (holds<items.items[I].domain>(p[I]) && (items.items[I].optional || in_reach(p[I]))))),
     ...);
    if constexpr (A::descriptor.ascending) ((all = all && (I == 0 || p[I == 0 ? 0 : I - 1] < p[I])), ...);
    return all;
  }
  template <Domain D>
  static SMOOTHACT_FN bool holds(double v) {
    if constexpr (D == Domain::nonnegative) return v >= 0;
    if constexpr (D == Domain::positive) return v > 0;
    if constexpr (D == Domain::exponent) return v >= 1 && v <= most_exponent;
    return v == v;
  }
  static SMOOTHACT_FN bool in_reach(double v) {
    return v == 0 || (least_parameter <= std::fabs(v) && std::fabs(v) <= most_parameter);
  }
  // A parameter that may be 0 and is all but that is 0: one that decays does not fall out of reach.
  template <std::size_t... I>
  static SMOOTHACT_FN void flush(double* p, std::index_sequence<I...>) {
    constexpr auto items = A::descriptor.parameters;
    ((p[I] = (items.items[I].domain == Domain::real || items.items[I].domain == Domain::nonnegative) &&
                     std::fabs(p[I]) < least_parameter
                 ? 0
                 : p[I]),
     ...);
  }
  template <std::size_t... I>
  static SMOOTHACT_FN void put_defaults(double* p, std::index_sequence<I...>) {
    constexpr auto items = A::descriptor.parameters;
    ((p[I] = items.items[I].value), ...);
  }
};

}  // namespace smoothact::cuda
