// SPDX-License-Identifier: Apache-2.0
// A block's work on smooth maxima, cut into phases that its threads run between barriers, and that the tests run for
// every thread on the host. A thread adds up a few elements in single precision, and all else is added in double.
#pragma once

#include <limits>

#include "learned_walk.h"
#include "smooth_max.h"

namespace smoothact::cuda {

template <Order O, bool Boltzmann>
struct SmoothMaxBlock {
  static constexpr bool has_second = O == Order::double_backward, has_image = O != Order::forward;
  static constexpr int count = (Boltzmann ? 2 : 1) * (has_second ? 2 : 1), together = 32;
  static constexpr int threads = SmoothMaxGrid::threads, ways = SmoothMaxGrid::ways;
  using V = math::Simd<float, 1>;
  using Term = SmoothMaxTerm<V>;

  // By thread: a way of the sum is thread / lanes; where there is one lane, a part is thread, and its way thread
  // mod 16.
  struct Shared {
    float pivots[threads];
    double sums[count][threads];
  };

  const SmoothMaxRequest& r;
  int lanes, lane, thread;
  int64_t row, base;  // where its elements begin
  V k, sign;

  SMOOTHACT_FN SmoothMaxBlock(const SmoothMaxPlan& plan, uint32_t block, int thread)
      : r(plan.request),
        lanes(plan.grid.lanes),
        lane(thread % lanes),
        thread(thread),
        row(static_cast<int64_t>(block) * lanes + lane),
        k(static_cast<float>(r.sharpness < 0 ? -r.sharpness : r.sharpness)),
        sign(r.sharpness < 0 ? -1.0f : 1.0f) {
    if (row >= plan.grid.rows) row = -1;
    base = row < 0 ? 0 : row / r.inner * r.length * r.inner + row % r.inner;
  }

  SMOOTHACT_FN void find_pivot(Shared& shared) const {
    V most = -std::numeric_limits<float>::infinity();
    each([&](int64_t at) { most = max(most, signed_at(at)); }, [] {});
    shared.pivots[thread] = most.v;
  }
  // Of threads that share a row; n is half of 256, a quarter, as long as it is lanes or more. A NaN may be lost; the
  // sums have it.
  SMOOTHACT_FN void fold_pivots(int n, Shared& shared) const {
    if (thread < n && shared.pivots[thread + n] > shared.pivots[thread])
      shared.pivots[thread] = shared.pivots[thread + n];
  }

  SMOOTHACT_FN void add(Shared& shared) const {
    const V pivot = shared.pivots[lane];
    double totals[count] = {}, part[count] = {};
    V sums[count];
    for (V& s : sums) s = V(0);
    int added = 0;
    const auto flush = [&] {
      for (int n = 0; n < count; ++n) {
        part[n] += sums[n].v;
        sums[n] = V(0);
      }
      added = 0;
    };
    each(
        [&](int64_t at) {
          const Term t(signed_at(at), pivot, k);
          sums[0] = sums[0] + t.e;
          if constexpr (Boltzmann) sums[1] = fma(t.d, t.e, sums[1]);
          if constexpr (has_second) {
            const V ue = t.e * V(load(r.dtype, r.grad_grad, at));
            sums[count / 2] = sums[count / 2] + ue;
            if constexpr (Boltzmann) sums[3] = fma(t.d, ue, sums[3]);
          }
          if (++added == together) flush();
        },
        [&] {
          flush();
          for (int n = 0; n < count; ++n) {
            totals[n] += part[n];
            part[n] = 0;
          }
        });
    for (int n = 0; n < count; ++n) shared.sums[n][thread] = totals[n];
  }
  // Where each thread has one part, brings together those of a way, as a thread with all of them has.
  SMOOTHACT_FN void join(Shared& shared) const {
    if (lanes > 1 || thread >= ways) return;
    for (int n = 0; n < count; ++n) {
      double total = 0;
      for (int part = thread; part < threads; part += ways) total += shared.sums[n][part];
      shared.sums[n][thread] = total;
    }
  }
  // n is half of what is left, 256 or with one lane 16, a quarter, as long as it is lanes or more.
  SMOOTHACT_FN void fold_sums(int n, Shared& shared) const {
    if (thread >= n) return;
    for (int s = 0; s < count; ++s) shared.sums[s][thread] += shared.sums[s][thread + n];
  }
  static SMOOTHACT_FN int left(int lanes) { return lanes > 1 ? threads : ways; }

  SMOOTHACT_FN void finish(const Shared& shared) const {
    if (row < 0) return;
    SmoothMaxSums s;
    s.e = shared.sums[0][lane];
    if constexpr (Boltzmann) s.de = shared.sums[1][lane];
    if constexpr (has_second) s.ue = shared.sums[count / 2][lane];
    if constexpr (has_second && Boltzmann) s.ude = shared.sums[3][lane];
    const SmoothMaxRow result(r.kind, shared.pivots[lane], s, r.length);
    if (thread < lanes) {
      if constexpr (O == Order::forward) {
        const double y = result.value(r.kind, r.sharpness < 0 ? -r.sharpness : r.sharpness, r.length);
        store(r.dtype, r.by_row, row, static_cast<float>(r.sharpness < 0 ? -y : y));
      }
      if constexpr (has_second) store(r.dtype, r.by_row, row, static_cast<float>(result.slope));
    }
    if constexpr (has_image) write(result);
  }

 private:
  SMOOTHACT_FN V signed_at(int64_t at) const { return multiply_sign(V(load(r.dtype, r.self, at)), sign); }

  // Calls use(place in memory) for each element of the thread's, and end() after each of its parts.
  template <class Use, class End>
  SMOOTHACT_FN void each(const Use& use, const End& end) const {
    if (row < 0) return;
    // Of one lane a single part; else those of a way.
    const int64_t first = lanes > 1 ? thread / lanes : thread, last = lanes > 1 ? threads : first + 1;
    for (int64_t part = first; part < last; part += ways) {
      for (int64_t i = part; i < r.length; i += threads) use(base + i * r.inner);
      end();
    }
  }
  SMOOTHACT_FN void write(const SmoothMaxRow& result) const {
    const double grad = load(r.dtype, r.grad, row);
    const SmoothMaxSlopes<Boltzmann, V> slopes(result, has_second ? grad * r.sharpness : grad);
    const V pivot = static_cast<float>(result.pivot);
    each(
        [&](int64_t at) {
          const Term t(signed_at(at), pivot, k);
          V y;
          if constexpr (has_second)
            y = slopes.second(t.d, t.e, V(load(r.dtype, r.grad_grad, at)));
          else
            y = slopes.first(t.d, t.e);
          store(r.dtype, r.by_self, at, y.v);
        },
        [] {});
  }
};

}  // namespace smoothact::cuda
