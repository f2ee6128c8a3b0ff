// SPDX-License-Identifier: Apache-2.0
// What a block does for an activation whose parameters lie in memory, phase by phase as its threads run them between
// barriers, and as the tests run every thread on the host. In double whatever the input: the constructors need its
// digits, and no error term is worth keeping then.
#pragma once

#include <limits>
#include <new>

#include "../kernels/slopes.h"
#include "learned_plan.h"
#include "storage.h"

namespace smoothact::cuda {

template <DType D>
SMOOTHACT_FN double load_as(const void* data, int64_t i) {
  return reinterpret_cast<const Pack<D, 1>*>(data)[i][0];
}
SMOOTHACT_FN double load(DType dtype, const void* data, int64_t i) {
  switch (dtype) {
    case DType::f64:
      return load_as<DType::f64>(data, i);
    case DType::f32:
      return load_as<DType::f32>(data, i);
    case DType::bf16:
      return load_as<DType::bf16>(data, i);
    default:
      return load_as<DType::f16>(data, i);
  }
}
// Of the data, which is not in double.
SMOOTHACT_FN double load_value(DType dtype, const void* data, int64_t i) {
  if (dtype == DType::f32) return load_as<DType::f32>(data, i);
  return dtype == DType::bf16 ? load_as<DType::bf16>(data, i) : load_as<DType::f16>(data, i);
}
template <DType D>
SMOOTHACT_FN void store_as(void* data, int64_t i, double y) {
  using One = Pack<D, 1>;
  reinterpret_cast<One*>(data)[i] = One::narrow({static_cast<typename One::Arithmetic>(y)});
}
SMOOTHACT_FN void store_value(DType dtype, void* data, int64_t i, double y) {
  if (dtype == DType::f32) return store_as<DType::f32>(data, i, y);
  dtype == DType::bf16 ? store_as<DType::bf16>(data, i, y) : store_as<DType::f16>(data, i, y);
}

template <class A, bool Backward>
struct LearnedBlock {
  static constexpr int K = parameters_of<A>;
  using V = math::Simd<double, 1, math::float_digits>;
  using Slopes = math::Slopes<V, K>;

  // Of a block; raw, since such memory runs no constructor.
  struct Shared {
    alignas(16) unsigned char activations[LearnedGrid::most_lanes][sizeof(A)];
    bool valid[LearnedGrid::most_lanes];
    double sums[Backward ? K : 1][LearnedGrid::threads];

    SMOOTHACT_FN const A& activation(int lane) const { return *reinterpret_cast<const A*>(activations[lane]); }
  };

  // Of a thread.
  struct Place {
    int lane;
    int64_t column, first, end;

    SMOOTHACT_FN Place(const LearnedPlan& plan, uint32_t block, int thread)
        : lane(thread % plan.grid.lanes),
          column(static_cast<int64_t>(block / plan.grid.parts) * plan.grid.lanes + lane),
          first(block % plan.grid.parts * plan.grid.part + thread / plan.grid.lanes),
          end(first - thread / plan.grid.lanes + plan.grid.part) {
      if (end > plan.grid.elements) end = plan.grid.elements;
      if (column >= plan.grid.columns) end = first;
    }
  };

  static SMOOTHACT_FN void construct(const LearnedPlan& plan, uint32_t block, int thread, Shared& shared) {
    const Place place(plan, block, thread);
    if (thread >= plan.grid.lanes || place.column >= plan.grid.columns) return;
    double p[K];
    for (int k = 0; k < K; ++k) {
      const LearnedParameter& from = plan.parameters[k];
      const int64_t i = from.per_channel ? place.column / plan.grid.repeat : 0;
      p[k] = from.data ? load(from.dtype, from.data, i) : from.value;
    }
    shared.valid[thread] = valid(p, Places{});
    if (!shared.valid[thread]) put_defaults(p, Places{});
    new (shared.activations[thread]) A(sloped_activation<A>(p));
  }

  // The thread's elements; its sums into shared memory.
  static SMOOTHACT_FN void pass(const LearnedPlan& plan, uint32_t block, int thread, Shared& shared) {
    const LearnedGrid& g = plan.grid;
    const Place place(plan, block, thread);
    const A& a = shared.activation(place.lane);
    const bool valid = place.first < place.end && shared.valid[place.lane];
    const int64_t round = LearnedGrid::threads / g.lanes, rows = round / g.run, rest = round % g.run;
    int64_t position = place.first % g.run, at = place.first / g.run * g.pitch + place.column * g.run + position;
    Slopes totals = math::make_slopes<V, K>([](int) { return V(0); });
    for (int64_t e = place.first; e < place.end; e += round) {
      const V x = load_value(plan.dtype, plan.self, at);
      V y;
      if constexpr (Backward) {
        const V grad = load_value(plan.dtype, plan.grad, at);
        y = grad * slope_at(a, x);
        totals = math::each_slope<V, K>([&](V t, V s) { return fma(grad, s, t); }, totals, slopes_at(a, x));
      } else {
        y = a.f(math::Sloped<V, K>(x)).v;
      }
      if (plan.out) store_value(plan.dtype, plan.out, at, valid ? y.v : std::numeric_limits<double>::quiet_NaN());
      at += rows * g.pitch + rest;
      position += rest;
      if (position >= g.run) {
        position -= g.run;
        at += g.pitch - g.run;
      }
    }
    if constexpr (Backward) {
      const bool nothing = place.first >= place.end;
      math::use_slopes(totals, [&](V t, int k) {
        shared.sums[k][thread] = valid || nothing ? t.v : std::numeric_limits<double>::quiet_NaN();
      });
    }
  }

  // The sums of threads that share a column, in one order; n is half of 256, a quarter ... as long as it is lanes or
  // more.
  static SMOOTHACT_FN void fold(int n, int thread, Shared& shared) {
    if (thread >= n) return;
    for (int k = 0; k < K; ++k) shared.sums[k][thread] += shared.sums[k][thread + n];
  }
  static SMOOTHACT_FN void finish(const LearnedPlan& plan, uint32_t block, int thread, const Shared& shared) {
    const Place place(plan, block, thread);
    if (thread >= plan.grid.lanes || place.column >= plan.grid.columns) return;
    double* sums = plan.sums + (block % plan.grid.parts * plan.grid.columns + place.column) * K;
    for (int k = 0; k < K; ++k) sums[k] = shared.sums[k][thread];
  }

 private:
  using Places = std::make_index_sequence<K>;

  template <std::size_t... I>
  static SMOOTHACT_FN bool valid(const double* p, std::index_sequence<I...>) {
    constexpr auto items = A::descriptor.parameters;
    bool all = true;
    ((all = all && ((items.items[I].optional && p[I] == infinity) || holds<items.items[I].domain>(p[I]))), ...);
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
  template <std::size_t... I>
  static SMOOTHACT_FN void put_defaults(double* p, std::index_sequence<I...>) {
    constexpr auto items = A::descriptor.parameters;
    ((p[I] = items.items[I].value), ...);
  }
  // At the same place as the slopes, whose exponentials serve it. What is above single precision rounds to infinity.
  static SMOOTHACT_FN V slope_at(const A& a, V x) { return a.df(math::Sloped<V, K>(within_reach(x))).v; }
};

}  // namespace smoothact::cuda
