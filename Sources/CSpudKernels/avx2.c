// Kernels for AVX2 with FMA and F16C.
#include "common.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define NAME(x) x##_avx2
#define NIBBLE_SCALE 1.0f
#define TILE_ROWS 3
#define ONE_PASS_ROWS 2
#define BF16_INPUT_UNIT 8
#define LONE_PANELS 2
#define LONE_ROWS 2
#define LONE_PANEL_BYTES 0
#define LONE_BLOCK_BYTES 0
#define SPREADS_BYTES 3
#define TILE_LANES 8
/// Keeps the compiler from computing this later, beside the next registers of weights, which makes it spill.
#define DONE_WITH(sum) __asm__("" : "+x"(sum));
/// Keeps it from loading them early, likewise.
#define NEXT_WEIGHTS __asm__ volatile("" : : : "memory");
#define HAS_HALVES
SPUD_INLINE __m256 floats_of_halves(const uint8_t *from) {
  return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
}
#include "tiles_float.h"

SPUD_TILE(tile_f32)
SPUD_TILE(tile_bf16)
SPUD_TILE(tile_f16)
SPUD_LONE_OF_MANY(tile_f32)
SPUD_LONE_OF_MANY(tile_bf16)
SPUD_LONE_OF_MANY(tile_f16)

SPUD_INLINE __m256 scales8(const uint8_t *panel, int octet) {
  return _mm256_cvtph_ps(_mm_load_si128((const __m128i *)(panel + 16 * octet)));
}

/// Four quants of a block in every lane of four bytes.
SPUD_INLINE __m256i input4(const int8_t *quants) {
  int32_t four;
  memcpy(&four, quants, sizeof four);
  return _mm256_set1_epi32(four);
}

/// One pass goes at the pace of memory, whose prefetcher wants lines in ascending order: the scales, used last, stand
/// first, and lines are asked for two units ahead. Of two passes the first asks for all of a unit's lines.
#define KEEP_ORDER(lines, ahead) \
  if (octets == 4) { \
    uint64_t first_line = *(const volatile uint64_t *)weights; __asm__ volatile("" : : "r"(first_line)); \
    SPUD_EACH(line, ahead) __builtin_prefetch(weights + 128 * (lines) + 64 * line, 0, 3); \
  } else if (start == 0) { \
    SPUD_EACH(line, lines) __builtin_prefetch(weights + 64 * line, 0, 3); \
  }

/// Adds one block's integer sums, scaled, to the floating ones.
#define FINISH_BLOCK(total) \
  SPUD_EACH(h, octets) { \
    const __m256 scale = scales8(weights, start + h); \
    SPUD_EACH(i, m) { \
      const __m256 x = _mm256_set1_ps(spud_block_scale((const spud_block *)inputs[i] + unit)); \
      sums[p * m + i][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(total), _mm256_mul_ps(scale, x), sums[p * m + i][h]); \
    } \
  }

// These take `octets` of a panel's four octets of rows, from `start` on.
// Signed weights: |w| is the unsigned operand and the input takes the sign of w, so that 2 · 128 · 127 fits 16 bits.
SPUD_INLINE void tile_q8_0_part(
    const int m, const int panels, const int start, const int octets, const uint8_t *panel, size_t panel_bytes,
    int64_t units, const uint8_t *const *inputs, float *output, size_t stride, int first
) {
  const __m256i ones = _mm256_set1_epi16(1), offset = _mm256_set1_epi8((char)0x80);
  __m256 sums[TILE_ROWS + 1][4];
  SPUD_EACH(i, m * panels) SPUD_EACH(h, octets)
    sums[i][h] = first ? _mm256_setzero_ps() : _mm256_loadu_ps(output + i * stride + 8 * (start + h));
  for (int64_t unit = 0; unit < units; unit++, panel += SPUD_Q8_0_UNIT_BYTES) SPUD_EACH(p, panels) {
    const uint8_t *const weights = panel + p * panel_bytes;
    KEEP_ORDER(17, panels > 1 ? 0 : 17)
    __m256i dots[TILE_ROWS][4];
    SPUD_EACH(i, m) SPUD_EACH(h, octets) dots[i][h] = _mm256_setzero_si256();
    SPUD_EACH(group, 8) SPUD_EACH(h, octets) {
      const __m256i w = _mm256_xor_si256(
          _mm256_load_si256((const __m256i *)(weights + 64 + group * 128 + (start + h) * 32)), offset);
      const __m256i magnitude = _mm256_abs_epi8(w);
      SPUD_EACH(i, m) {
        const __m256i x = input4(((const spud_block *)inputs[i] + unit)->quants + 4 * group);
        const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(x, w));
        dots[i][h] = _mm256_add_epi32(dots[i][h], _mm256_madd_epi16(pairs, ones));
        DONE_WITH(dots[i][h])
      }
    }
    FINISH_BLOCK(dots[i][h])
  }
  SPUD_EACH(i, m * panels) SPUD_EACH(h, octets) _mm256_storeu_ps(output + i * stride + 8 * (start + h), sums[i][h]);
}

// Nibbles are small: sixteen products of 15 · 127 fit 16 bits, so the widening is done once a block. A row's sum stands
// in two lanes of 16 bits, and each starts from half of the offset, -4 · Σ quants: all that it then holds is at most
// 16 · 11 · 127 + 16 · 4 · 127 = 30480.
SPUD_INLINE void tile_q4_0_part(
    const int m, const int panels, const int start, const int octets, const uint8_t *panel, size_t panel_bytes,
    int64_t units, const uint8_t *const *inputs, float *output, size_t stride, int first
) {
  const __m256i ones = _mm256_set1_epi16(1), mask = _mm256_set1_epi8(15);
  __m256 sums[TILE_ROWS + 1][4];
  SPUD_EACH(i, m * panels) SPUD_EACH(h, octets)
    sums[i][h] = first ? _mm256_setzero_ps() : _mm256_loadu_ps(output + i * stride + 8 * (start + h));
  for (int64_t unit = 0; unit < units; unit++, panel += SPUD_Q4_0_UNIT_BYTES) SPUD_EACH(p, panels) {
    const uint8_t *const weights = panel + p * panel_bytes;
    KEEP_ORDER(9, 9)
    __m256i dots[TILE_ROWS][4];
    SPUD_EACH(i, m) SPUD_EACH(h, octets)
      dots[i][h] = _mm256_set1_epi16((int16_t)(((const spud_block *)inputs[i] + unit)->correction >> 5));
    SPUD_EACH(group, 4) SPUD_EACH(h, octets) {
      const __m256i w = _mm256_load_si256((const __m256i *)(weights + 64 + group * 128 + (start + h) * 32));
      const __m256i low = _mm256_and_si256(w, mask), high = _mm256_and_si256(_mm256_srli_epi16(w, 4), mask);
      SPUD_EACH(i, m) {
        const int8_t *quants = ((const spud_block *)inputs[i] + unit)->quants + 4 * group;
        dots[i][h] = _mm256_add_epi16(dots[i][h], _mm256_maddubs_epi16(low, input4(quants)));
        dots[i][h] = _mm256_add_epi16(dots[i][h], _mm256_maddubs_epi16(high, input4(quants + 16)));
        DONE_WITH(dots[i][h])
      }
    }
    FINISH_BLOCK(_mm256_madd_epi16(dots[i][h], ones))
  }
  SPUD_EACH(i, m * panels) SPUD_EACH(h, octets) _mm256_storeu_ps(output + i * stride + 8 * (start + h), sums[i][h]);
}

// Weights that come from memory pass by once, all 32 lanes; those that the cache holds twice, 16 lanes at a time, for
// want of registers. Each register of weights is done with before the next is loaded: sixteen registers hold no more
// than the sums and one of them.
#define SPUD_PARTS(name) \
  SPUD_INLINE void name##_rows( \
      const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride, \
      int first \
  ) { \
    if (m <= ONE_PASS_ROWS && first == ONLY_PASS) { \
      name##_part(m, 1, 0, 4, panel, 0, units, inputs, output, stride, first); \
    } else { \
      for (int start = 0; start < 4; start += 2) { \
        name##_part(m, 1, start, 2, panel, 0, units, inputs, output, stride, first); \
      } \
    } \
  } \
  SPUD_INLINE void name##_of_many( \
      const int m, const uint8_t *panels, size_t panel_bytes, int64_t units, const uint8_t *const *inputs, \
      float *output \
  ) { \
    name##_part(m, LONE_PANELS, 0, 4, panels, panel_bytes, units, inputs, output, SPUD_PANEL_ROWS, ONLY_PASS); \
  }
SPUD_PARTS(tile_q8_0)
SPUD_PARTS(tile_q4_0)
SPUD_TILE(tile_q8_0)
SPUD_TILE(tile_q4_0)
static void bytes_of_many(spud_format format, int rows, const uint8_t *panels, size_t panel_bytes, int64_t units,
    const uint8_t *const *inputs, float *output) {
  if (format == SPUD_Q8_0 && rows == 1) tile_q8_0_of_many(1, panels, panel_bytes, units, inputs, output);
  if (format == SPUD_Q8_0 && rows == 2) tile_q8_0_of_many(2, panels, panel_bytes, units, inputs, output);
  if (format == SPUD_Q4_0 && rows == 1) tile_q4_0_of_many(1, panels, panel_bytes, units, inputs, output);
  if (format == SPUD_Q4_0 && rows == 2) tile_q4_0_of_many(2, panels, panel_bytes, units, inputs, output);
}

static void prepare_f32(const float *input, int64_t columns, uint8_t *output);
static void prepare_bf16(const float *input, int64_t columns, uint8_t *output) { prepare_f32(input, columns, output); }

static int64_t peak_f32(int64_t turns);
static int64_t peak_bf16(int64_t turns) { return peak_f32(turns); }
static int64_t peak_int8(int64_t turns) {
  __m256i sums[8];
  const __m256i ones = _mm256_set1_epi16(1);
  for (int i = 0; i < 8; i++) sums[i] = _mm256_set1_epi32(i);
  __m256i x = _mm256_set1_epi8(3);
  for (int64_t turn = 0; turn < turns; turn++) {
    SPUD_EACH(i, 8) sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_maddubs_epi16(sums[i], x), ones));
    __asm__ volatile("" : "+x"(x));
  }
  for (int i = 1; i < 8; i++) sums[0] = _mm256_add_epi32(sums[0], sums[i]);
  volatile int32_t keep = _mm256_extract_epi32(sums[0], 0);
  (void)keep;
  return turns * 8 * 32 * 2;
}

#include "blocks_avx2.h"
#include "kernels_template.h"
#pragma clang attribute pop
#else
const spud_kernels *spud_kernels_avx2(void) { return NULL; }
#endif
