#pragma once
// Vectors of 16 lanes, which the compiler lowers to the registers that the target has.
#include "common.h"

typedef float f32x16 __attribute__((vector_size(64)));
typedef float f32x16u __attribute__((vector_size(64), aligned(4)));
typedef uint16_t u16x16 __attribute__((vector_size(32), aligned(2)));
typedef int32_t i32x16 __attribute__((vector_size(64)));

SPUD_INLINE f32x16 load16(const float *from) { return *(const f32x16u *)from; }
SPUD_INLINE void store16(float *to, f32x16 value) { *(f32x16u *)to = value; }
SPUD_INLINE f32x16 splat16(float value) { return value - (f32x16){0}; }
SPUD_INLINE f32x16 select16(i32x16 mask, f32x16 yes, f32x16 no) {
  return (f32x16)(((i32x16)yes & mask) | ((i32x16)no & ~mask));
}

typedef uint8_t u8x16 __attribute__((vector_size(16), aligned(1)));
typedef int8_t i8x16 __attribute__((vector_size(16), aligned(1)));
typedef uint8_t u8x32 __attribute__((vector_size(32), aligned(1)));
typedef uint8_t u8x64 __attribute__((vector_size(64), aligned(1)));
/// Codes of four columns for TILE_LANES rows.
typedef uint8_t code_bytes __attribute__((vector_size(4 * TILE_LANES)));
