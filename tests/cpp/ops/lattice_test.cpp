// SPDX-License-Identifier: Apache-2.0
// Where operands of few dims lie, as kernels for biases walk them.
#include "ops/lattice.h"

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

namespace smoothact {
namespace {

at::Tensor floats(at::IntArrayRef sizes) { return at::empty(sizes, at::kFloat); }

TEST(Lattice, DenseIsOneRowButForTheChannels) {
  const at::Tensor x = floats({4, 5, 6});
  const Lattice all({x}, {x}, 1, 0);
  EXPECT_EQ(all.dims, 1);
  EXPECT_EQ(all.size[0], 120);
  const Lattice by_channel({x}, {x}, 5, 1);
  EXPECT_EQ(by_channel.dims, 3);
  EXPECT_TRUE(by_channel.joins());
  const Around around(by_channel);
  EXPECT_TRUE(around.fits);
  EXPECT_EQ(by_channel.size[around.inner], 6);
  EXPECT_EQ(by_channel.size[around.channel], 5);
  EXPECT_EQ(by_channel.size[around.outer], 4);
  EXPECT_EQ(by_channel.operands[0].stride[around.channel], 6 * 4);
}

TEST(Lattice, HalvesAreRowsApart) {
  const at::Tensor packed = floats({3, 8}), gate = packed.narrow(1, 0, 4), up = packed.narrow(1, 4, 4),
                   y = floats({3, 4});
  const Lattice l({y}, {gate, up}, 1, 0);
  EXPECT_FALSE(l.joins());
  const Around around(l);
  ASSERT_TRUE(around.fits);
  EXPECT_EQ(l.size[around.inner], 4);
  EXPECT_EQ(l.operands[1].stride[around.outer], 8 * 4);
  EXPECT_EQ(l.operands[2].data - l.operands[1].data, 4 * 4);
}

// What broadcasts between others has three dims and no channels: it fits once it is dense.
TEST(Lattice, BroadcastingBetweenOthersDoesNotFit) {
  const at::Tensor gate = floats({4, 5, 8}), up = floats({4, 1, 8}), y = floats({4, 5, 8});
  EXPECT_FALSE(Around(Lattice({y}, {gate, up}, 1, 0)).fits);
  EXPECT_TRUE(Around(Lattice({y}, {gate, up.expand({4, 5, 8}).contiguous()}, 1, 0)).fits);
}

TEST(Lattice, ChannelsLastHasThemInnermost) {
  const at::Tensor x = floats({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  const Lattice l({x}, {x}, 3, 1);
  const Around around(l);
  ASSERT_TRUE(around.fits);
  EXPECT_EQ(around.channel, 0);
  EXPECT_EQ(around.inner, -1);
  EXPECT_EQ(l.size[around.outer], 2 * 4 * 5);
}

}  // namespace
}  // namespace smoothact
