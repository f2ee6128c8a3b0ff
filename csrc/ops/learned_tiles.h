// SPDX-License-Identifier: Apache-2.0
// Operands in tiles that stay in cache, a channel's elements side by side whatever the layout: where they lie far
// apart, those of a few channels are brought together.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "../cpu/transpose.h"
#include "lattice.h"

namespace smoothact {

struct Tiles {
  static constexpr int64_t length = 1024, short_length = 256, most_channels = 16;
  int64_t outer, channels, inner;
  int64_t rows, columns, run;   // of outer, channels and inner in a tile
  int64_t down, across, along;  // tiles

  Tiles(const Lattice& l, const Around& a)
      : outer(size(l, a.outer)), channels(size(l, a.channel)), inner(size(l, a.inner)) {
    run = std::min(inner, length);
    rows = joined() ? std::min(outer, short_length / inner) : 1;
    columns = joined() ? std::min(channels, most_channels) : 1;
    down = at::divup(outer, rows);
    across = at::divup(channels, columns);
    along = at::divup(inner, run);
  }
  bool joined() const { return (channels > 1 || outer > 1) && inner < short_length; }
  int64_t total() const { return down * across * along; }
  int64_t most() const { return rows * run; }
  int64_t pitch() const { return most() + 16; }  // by a power of two, the channels would share a few lines of the cache

 private:
  static int64_t size(const Lattice& l, int dim) { return dim < 0 ? 1 : l.size[dim]; }
};

struct Tile {
  int64_t row, rows, channel, channels, start, run;

  Tile(const Tiles& t, int64_t place)
      : row(place / (t.across * t.along) * t.rows),
        rows(std::min(t.rows, t.outer - row)),
        channel(place / t.along % t.across * t.columns),
        channels(std::min(t.columns, t.channels - channel)),
        start(place % t.along * t.run),
        run(std::min(t.run, t.inner - start)) {}
  int64_t count() const { return rows * run; }
};

// A tensor's elements, tile by tile; nothing of one that is undefined.
template <class T>
class TiledOperand {
 public:
  TiledOperand(const Tiles& tiles, const Lattice::Operand& o, const Around& a)
      : tiles_(tiles),
        memory_(o.data),
        outer_(stride(o, a.outer)),
        channel_(stride(o, a.channel)),
        inner_(a.inner < 0 ? sizeof(T) : o.stride[a.inner]) {
    if (memory_ && (tiles.joined() || inner_ != sizeof(T))) block_.resize(tiles.columns * tiles.pitch());
  }
  explicit operator bool() const { return memory_; }
  void load(const Tile& tile) {
    if (!block_.empty()) bring<true>(tile);
  }
  void store(const Tile& tile) {
    if (!block_.empty()) bring<false>(tile);
  }
  // Of the tile's c-th channel; null of what is undefined.
  T* channel(const Tile& tile, int64_t c) {
    if (!block_.empty()) return block_.data() + c * tiles_.pitch();
    return memory_ ? reinterpret_cast<T*>(at(tile, 0, c)) : nullptr;
  }

 private:
  static int64_t stride(const Lattice::Operand& o, int dim) { return dim < 0 ? 0 : o.stride[dim]; }
  char* at(const Tile& tile, int64_t row, int64_t c) const {
    return memory_ + (tile.row + row) * outer_ + (tile.channel + c) * channel_ + tile.start * inner_;
  }

  static constexpr int64_t ahead = 16;  // rows

  template <bool to_block>
  void bring(const Tile& tile) {
    const int64_t pitch = tiles_.pitch();
    int64_t r = 0;
    if (tile.run == 1 && channel_ == sizeof(T)) {
      constexpr int n = loops::square<T>;
      const int64_t squares = tile.channels / n * n;
      for (; r + n <= tile.rows; r += n) {
        // Rows lie on pages of their own, where no hardware fetches ahead.
        for (int64_t i = r + ahead; i < std::min(r + ahead + n, tile.rows); ++i)
          __builtin_prefetch(at(tile, i, 0), !to_block);
        for (int64_t c = 0; c < squares; c += n)
          loops::transfer_square<T, to_block>(block_.data() + c * pitch + r, pitch, at(tile, r, c), outer_);
        move<to_block>(tile, r, n, squares);
      }
    }
    move<to_block>(tile, r, tile.rows - r, 0);
  }
  // The channels from `first` on of so many rows, element by element.
  template <bool to_block>
  void move(const Tile& tile, int64_t row, int64_t rows, int64_t first) {
    for (int64_t r = row; r < row + rows; ++r)
      for (int64_t c = first; c < tile.channels; ++c) {
        T* const q = block_.data() + c * tiles_.pitch() + r * tile.run;
        char* const p = at(tile, r, c);
        for (int64_t i = 0; i < tile.run; ++i) {
          if constexpr (to_block)
            std::memcpy(q + i, p + i * inner_, sizeof(T));
          else
            std::memcpy(p + i * inner_, q + i, sizeof(T));
        }
      }
  }

  const Tiles& tiles_;
  char* const memory_;
  const int64_t outer_, channel_, inner_;
  std::vector<T> block_;
};

}  // namespace smoothact
