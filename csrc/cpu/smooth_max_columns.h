// SPDX-License-Identifier: Apache-2.0
// The same of rows that lie side by side themselves, as those along any dim but the last: a register has one element of
// each of several. It makes the very sums of smooth_max_rows.h, each lane of theirs a register here.
#pragma once

#include "smooth_max_terms.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {

template <Order O, bool Boltzmann, DType D>
class SmoothMaxColumns : SmoothMaxTerms<O, Boltzmann, D> {
  using Terms = SmoothMaxTerms<O, Boltzmann, D>;
  using Terms::count, Terms::has_image, Terms::has_second, Terms::registers;
  using Terms::pass_;
  using typename Terms::Slopes, typename Terms::T, typename Terms::Term, typename Terms::V, typename Terms::Wider;
  static constexpr int64_t lanes = Pack<D>::lanes, size = sizeof(typename Terms::E);
  // Packs of columns that are taken together, side by side in memory: their sums stay in the first-level cache.
  static constexpr int most = std::max<int>(1, 128 / (lanes * count));
  static constexpr int width = most * registers;

  int64_t columns_[most];  // the first of each pack
  int packs_ = 0;
  V pivots_[width];
  V sums_[lanes][count][width];
  Wider totals_[lanes][count][width], added_[count][width];
  Slopes slopes_[width];

 public:
  SmoothMaxColumns(const cpu::SmoothMaxPass& pass, char* const* data, const int64_t* strides)
      : Terms(pass, data, strides) {}

  // As many columns as a pack has, or more.
  void run(int64_t columns) {
    const int64_t all = (columns + lanes - 1) / lanes;
    for (int64_t pack = 0; pack < all; pack += packs_) {
      packs_ = static_cast<int>(std::min<int64_t>(most, all - pack));
      // The last one ends with the last column: some are computed twice, and come out the same.
      for (int p = 0; p < packs_; ++p) columns_[p] = std::min((pack + p) * lanes, columns - lanes);
      find_pivots();
      add_all();
      finish_all();
      if constexpr (has_image) write();
    }
  }

 private:
  char* at(int k, int64_t i, int pack) const { return this->data_[k] + i * pass_.along[k] + columns_[pack] * size; }
  Pack<D> load(int k, int64_t i, int pack) const { return Pack<D>::load(at(k, i, pack)); }
  // Of a step of a row, the element that is in the q-th lane of its registers.
  static constexpr int element_of(int q) {
    const int r = q / V::lanes, l = q % V::lanes;
    return D == DType::bf16 ? r / 2 * 2 * V::lanes + 2 * l + r % 2 : q;
  }

  void find_pivots() {
    std::fill_n(pivots_, width, V(-infinity));
    for (int64_t i = 0; i < pass_.length; ++i) {
      for (int p = 0; p < packs_; ++p) {
        const auto x = load(Terms::x_at, i, p);
        for (int r = 0; r < registers; ++r) {
          V& pivot = pivots_[p * registers + r];
          pivot = this->greater(pivot, Terms::register_of(x, r));
        }
      }
    }
  }

  void add_all() {
    std::memset(added_, 0, sizeof(added_));
    for (int64_t start = 0; start < pass_.length; start += segment_length) {
      const int64_t end = std::min(start + segment_length, pass_.length);
      std::memset(totals_, 0, sizeof(totals_));
      for (int64_t block = start; block < end; block += block_length) {
        std::memset(sums_, 0, sizeof(sums_));
        for (int64_t i = block; i < std::min(block + block_length, end); ++i) add_elements(i, sums_[i % lanes]);
        const V* sum = sums_[0][0];
        Wider* total = totals_[0][0];
        for (int64_t j = 0; j < lanes * count * width; ++j) total[j] += __builtin_convertvector(sum[j].v, Wider);
      }
      for (int n = 0; n < count; ++n) {
        for (int j = 0; j < packs_ * registers; ++j) {
          for (int half = lanes / 2; half > 0; half /= 2)
            for (int q = 0; q < half; ++q) totals_[element_of(q)][n][j] += totals_[element_of(q + half)][n][j];
          added_[n][j] += totals_[element_of(0)][n][j];
        }
      }
    }
  }
  void add_elements(int64_t i, V (&sums)[count][width]) {
    for (int p = 0; p < packs_; ++p) {
      const auto x = load(Terms::x_at, i, p);
      Pack<D> u;
      if constexpr (has_second) u = load(Terms::u_at, i, p);
#pragma GCC unroll 4
      for (int r = 0; r < registers; ++r) {
        const int j = p * registers + r;
        Terms::add(&sums[0][j], width, this->term(Terms::register_of(x, r), pivots_[j]),
                   has_second ? Terms::register_of(u, r) : V(0));
      }
    }
  }

  void finish_all() {
    for (int p = 0; p < packs_; ++p) {
      for (int q = 0; q < lanes; ++q) {
        const int j = p * registers + q / V::lanes, l = q % V::lanes;
        const int64_t column = columns_[p] + element_of(q);
        double sums[count];
        for (int n = 0; n < count; ++n) sums[n] = added_[n][j][l];
        const SmoothMaxRow row = this->row_of(pivots_[j].v[l], sums);
        this->finish(column, row);
        if constexpr (has_image) slopes_[j].set_lane(l, row, this->factor(column));
      }
    }
  }

  void write() {
    for (int64_t i = 0; i < pass_.length; ++i) {
      for (int p = 0; p < packs_; ++p) {
        const auto x = load(Terms::x_at, i, p);
        Pack<D> u, results;
        if constexpr (has_second) u = load(Terms::u_at, i, p);
#pragma GCC unroll 4
        for (int r = 0; r < registers; ++r) {
          const int j = p * registers + r;
          const Term t = this->term(Terms::register_of(x, r), pivots_[j]);
          results.v[r].v = Terms::image(slopes_[j], t.d, t.e, has_second ? Terms::register_of(u, r) : V(0)).v;
        }
        results.store(at(Terms::image_at, i, p));
      }
    }
  }
};

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
