#pragma once
// Helpers that every file of kernels shares. They carry no target attribute of their own: where one is used inside a
// faster kernel it is inlined there and compiled for that kernel's target.
#include <math.h>
#include <string.h>

#include "spud_kernels.h"
#include "spud_numbers.h"

// Vectors only ever pass between functions that are inlined into one another, so the ABI that this warns of is never
// used.
#pragma clang diagnostic ignored "-Wpsabi"

/// Sums or differences of two powers of two, no less than 1 + n/16 for each n to 16: a scale's two parts. (As many
/// again are nothing: two registers.)
static const float spud_large_parts[32] __attribute__((unused)) = {1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2};
static const float spud_small_parts[32] __attribute__((unused)) = {
    0x1p-30f, 0x1p-4f, 0x1p-3f, 0x1p-2f, 0x1p-2f, 0x1p-1f, 0x1p-1f, 0x1p-1f, 0x1p-1f, -0x1p-2f, -0x1p-2f, -0x1p-2f,
    -0x1p-2f, -0x1p-3f, -0x1p-3f, -0x1p-4f, 0x1p-30f,
};

/// What has a large frame, called from something short that would otherwise have it too.
#define SPUD_APART static __attribute__((noinline))

SPUD_INLINE float spud_block_scale(const spud_block *block) { return block->scales[0] + block->scales[1]; }
SPUD_INLINE int64_t spud_min(int64_t a, int64_t b) { return a < b ? a : b; }
SPUD_INLINE int64_t spud_max(int64_t a, int64_t b) { return a > b ? a : b; }
