// The body of the kernels for NEON: included by neon.c and neon_i8mm.c, which define NAME, and HAS_I8MM where bytes may
// be multiplied without a sign.
#include <arm_neon.h>

#define NIBBLE_SCALE 1.0f
#define TILE_ROWS 3
#define ONE_PASS_ROWS 1
#define BF16_INPUT_UNIT 8
#define TILE_LANES 4
#define HAS_HALVES
SPUD_INLINE float32x4_t floats_of_halves(const uint8_t *from) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const uint16_t *)from)));
}
#include "tiles_float.h"

SPUD_TILE(tile_f32)
SPUD_TILE(tile_bf16)
SPUD_TILE(tile_f16)

/// Adds the products of four rows' columns of a group with an input's 32 quants.
#define DOT(sum, weights, quants, group) \
  switch (group & 3) { \
    case 0: sum = vdotq_laneq_s32(sum, weights, quants[group >> 2], 0); break; \
    case 1: sum = vdotq_laneq_s32(sum, weights, quants[group >> 2], 1); break; \
    case 2: sum = vdotq_laneq_s32(sum, weights, quants[group >> 2], 2); break; \
    default: sum = vdotq_laneq_s32(sum, weights, quants[group >> 2], 3); break; \
  }

#ifdef HAS_I8MM
// The offset of 128 in the weights is taken out by where the sums start.
#define BYTE_START(block) vdupq_n_s32((block)->correction)
#define BYTES(from) vld1q_u8(from)
#define BYTE_DOT(sum, weights, quants, group) \
  switch (group & 3) { \
    case 0: sum = vusdotq_laneq_s32(sum, weights, quants[group >> 2], 0); break; \
    case 1: sum = vusdotq_laneq_s32(sum, weights, quants[group >> 2], 1); break; \
    case 2: sum = vusdotq_laneq_s32(sum, weights, quants[group >> 2], 2); break; \
    default: sum = vusdotq_laneq_s32(sum, weights, quants[group >> 2], 3); break; \
  }
#else
#define BYTE_START(block) vdupq_n_s32(0)
#define BYTES(from) vreinterpretq_s8_u8(veorq_u8(vld1q_u8(from), vdupq_n_u8(0x80)))
#define BYTE_DOT DOT
#endif

/// Adds a block's integer sums, scaled, to the floating ones.
#define FINISH_BLOCK \
  SPUD_EACH(h, parts) { \
    const float32x4_t scale = floats_of_halves(panel + 8 * (start + h)); \
    SPUD_EACH(i, m) { \
      const float x = spud_block_scale((const spud_block *)inputs[i] + unit); \
      sums[i][h] = vfmaq_f32(sums[i][h], vcvtq_f32_s32(dots[i][h]), vmulq_n_f32(scale, x)); \
    } \
  }

#define LOAD_QUANTS(type) \
  int8x16_t quants[TILE_ROWS][2]; \
  SPUD_EACH(i, m) SPUD_EACH(half, 2) quants[i][half] = vld1q_s8(((const type *)inputs[i] + unit)->quants + 16 * half);

#define LOAD_SUMS \
  float32x4_t sums[TILE_ROWS][8]; \
  SPUD_EACH(i, m) SPUD_EACH(h, parts) \
    sums[i][h] = first ? vdupq_n_f32(0) : vld1q_f32(output + i * stride + 4 * (start + h));
#define STORE_SUMS \
  SPUD_EACH(i, m) SPUD_EACH(h, parts) vst1q_f32(output + i * stride + 4 * (start + h), sums[i][h]);

// These take `parts` of a panel's eight parts of four rows, from `start` on.
SPUD_INLINE void tile_q8_0_part(
    const int m, const int start, const int parts, const uint8_t *panel, int64_t units, const uint8_t *const *inputs,
    float *output, size_t stride, int first
) {
  LOAD_SUMS
  for (int64_t unit = 0; unit < units; unit++, panel += SPUD_Q8_0_UNIT_BYTES) {
    LOAD_QUANTS(spud_block)
    int32x4_t dots[TILE_ROWS][8];
    SPUD_EACH(i, m) SPUD_EACH(h, parts) dots[i][h] = BYTE_START((const spud_block *)inputs[i] + unit);
    SPUD_EACH(group, 8) SPUD_EACH(h, parts) {
      const __auto_type w = BYTES(panel + SPUD_SCALES_BYTES + group * 128 + 16 * (start + h));
      SPUD_EACH(i, m) { BYTE_DOT(dots[i][h], w, quants[i], group) }
    }
    FINISH_BLOCK
  }
  STORE_SUMS
}

SPUD_INLINE void tile_q4_0_part(
    const int m, const int start, const int parts, const uint8_t *panel, int64_t units, const uint8_t *const *inputs,
    float *output, size_t stride, int first
) {
  LOAD_SUMS
  for (int64_t unit = 0; unit < units; unit++, panel += SPUD_Q4_0_UNIT_BYTES) {
    LOAD_QUANTS(spud_block)
    int32x4_t dots[TILE_ROWS][8];
    SPUD_EACH(i, m) SPUD_EACH(h, parts)
      dots[i][h] = vdupq_n_s32(((const spud_block *)inputs[i] + unit)->correction / 16);
    SPUD_EACH(group, 4) SPUD_EACH(h, parts) {
      const uint8x16_t two = vld1q_u8(panel + SPUD_SCALES_BYTES + group * 128 + 16 * (start + h));
      const int8x16_t low = vreinterpretq_s8_u8(vandq_u8(two, vdupq_n_u8(15))),
          high = vreinterpretq_s8_u8(vshrq_n_u8(two, 4));
      SPUD_EACH(i, m) {
        DOT(dots[i][h], low, quants[i], group)
        DOT(dots[i][h], high, quants[i], (group + 4))
      }
    }
    FINISH_BLOCK
  }
  STORE_SUMS
}

// Weights that come from memory pass by once; those that the cache holds twice, 16 rows at a time, for want of
// registers.
#define SPUD_PARTS(name) \
  SPUD_INLINE void name##_rows( \
      const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride, \
      int first \
  ) { \
    if (m <= ONE_PASS_ROWS) { \
      name##_part(m, 0, 8, panel, units, inputs, output, stride, first); \
    } else { \
      for (int start = 0; start < 8; start += 4) { \
        name##_part(m, start, 4, panel, units, inputs, output, stride, first); \
      } \
    } \
  }
SPUD_PARTS(tile_q8_0)
SPUD_PARTS(tile_q4_0)
SPUD_TILE(tile_q8_0)
SPUD_TILE(tile_q4_0)

// ---- The formats of block_formats.h ----

#include "block_formats.h"
#include "vectors.h"

#define DIRECT_ROWS 1
#define GENERIC_CODES

SPUD_INLINE f32x16 halves16(const uint8_t *from) {
  union { float32x4_t parts[4]; f32x16 all; } floats;
  SPUD_EACH(part, 4) floats.parts[part] = floats_of_halves(from + 8 * part);
  return floats.all;
}
SPUD_INLINE code_bytes look_up(const int8_t *table, code_bytes codes) {
  return (code_bytes)vqtbl1q_s8(vld1q_s8(table), (uint8x16_t)codes);
}
#include "blocks_spread.h"

// Codes are at most 63, or signed: no bit is lost where they are taken for signed bytes.
SPUD_INLINE void tile_blocks_part(
    const spud_format format, const int spread, const int m, const int start, const int parts, const uint8_t *panel,
    const block_scales *scales, int64_t units, const uint8_t *const *inputs, float *output, size_t stride, int first
) {
  const spud_shape shape = spud_shape_of(format);
  const int block_bytes = spread ? SPREAD_BYTES : spud_code_bytes(shape), groups = 8 / shape.halves;
  _Alignas(64) block_scales own[8];
  LOAD_SUMS
  int64_t unit = 0;  // counts blocks
  for (; units > 0; units--) {
    if (!spread) {
      spread_scales(format, panel, own);
      panel += shape.header;
    }
    for (int count = 0; count < shape.blocks; count++, panel += block_bytes, unit++) {
      const block_scales *const scale = spread ? scales++ : &own[count];
      LOAD_QUANTS(spud_summed_block)
      SPUD_EACH(half, shape.halves) {
        const int place = shape.halves == 1 ? 2 : half;
        int32x4_t dots[TILE_ROWS][8];
        SPUD_EACH(i, m) SPUD_EACH(h, parts) dots[i][h] = vdupq_n_s32(shape.minima || shape.table ? 0 :
            ((const spud_summed_block *)inputs[i] + unit)->corrections[place] >> shape.raise);
        SPUD_EACH(step, groups) SPUD_EACH(h, parts) {
          const int group = half * groups + step;
          const int8x16_t w = spread ? vreinterpretq_s8_u8(vld1q_u8(panel + group * 128 + 16 * (start + h))) :
              (int8x16_t)codes(format, panel, group, start + h);
          SPUD_EACH(i, m) { DOT(dots[i][h], w, quants[i], group) }
        }
        SPUD_EACH(i, m) {
          const spud_summed_block *const block = (const spud_summed_block *)inputs[i] + unit;
          const float x = block->scales[0] + block->scales[1];
          SPUD_EACH(h, parts) {
            const float32x4_t factor = vld1q_f32(scale->factors[half] + 4 * (start + h));
            sums[i][h] = vfmaq_f32(sums[i][h], vcvtq_f32_s32(dots[i][h]), vmulq_n_f32(factor, x));
            if (shape.minima) {
              const float32x4_t minima = vld1q_f32(scale->minima[half] + 4 * (start + h));
              sums[i][h] = vfmaq_n_f32(sums[i][h], minima, block->sums[place]);
            }
          }
        }
      }
    }
  }
  STORE_SUMS
}

SPUD_INLINE void tile_blocks(
    const spud_format format, const int spread, const int m, const uint8_t *panel, const block_scales *scales,
    int64_t units, const uint8_t *const *inputs, float *output, size_t stride, int first
) {
  if (m <= ONE_PASS_ROWS) {
    tile_blocks_part(format, spread, m, 0, 8, panel, scales, units, inputs, output, stride, first);
  } else {
    for (int start = 0; start < 8; start += 4) {
      tile_blocks_part(format, spread, m, start, 4, panel, scales, units, inputs, output, stride, first);
    }
  }
}

static void prepare_f32(const float *input, int64_t columns, uint8_t *output);
static void prepare_bf16(const float *input, int64_t columns, uint8_t *output) { prepare_f32(input, columns, output); }

static int64_t peak_f32(int64_t turns);
static int64_t peak_bf16(int64_t turns) { return peak_f32(turns); }
static int64_t peak_int8(int64_t turns) {
  int32x4_t sums[16];
  SPUD_EACH(i, 16) sums[i] = vdupq_n_s32(i);
  int8x16_t x = vdupq_n_s8(3);
  for (int64_t turn = 0; turn < turns; turn++) {
    SPUD_EACH(i, 16) sums[i] = vdotq_s32(sums[i], x, x);
    __asm__ volatile("" : "+w"(x));
  }
  for (int i = 1; i < 16; i++) sums[0] = vaddq_s32(sums[0], sums[i]);
  volatile int32_t keep = vaddvq_s32(sums[0]);
  (void)keep;
  return turns * 16 * 16 * 2;
}

#include "kernels_template.h"
