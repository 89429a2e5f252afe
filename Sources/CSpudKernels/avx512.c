// Kernels for AVX-512 with VNNI (products of bytes), BF16 (products of bfloat16 pairs), GFNI (nibbles to bytes) and
// VBMI (tables of 64 bytes).
#include "common.h"

#if defined(__x86_64__)
#ifndef EMULATES_AVX512  // Tests/CAVX512Emulation brings its own.
#include <immintrin.h>
#define NAME(x) x##_avx512
#define TARGET \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx512vbmi,gfni")))
#define TILE_TARGET \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx512vbmi,gfni," \
      "avx512fp16,amx-tile,amx-bf16")))
#define VECTOR_OPERAND "+v"
#endif
#pragma clang attribute push(TARGET, apply_to = function)

#define NIBBLE_SCALE 0.0625f
#define TILE_ROWS 6
#define ONE_PASS_ROWS TILE_ROWS
#define BF16_INPUT_UNIT 4
#define TILE_LANES 16
/// Panels that a lone row takes at once: so many streams memory gives most in.
#define LONE_PANELS 4
/// Rows that are so taken of quantized weights: an id that is written has a second one in the head.
#define LONE_ROWS 2
/// Of shorter panels of floats, and of shorter ones of bytes or blocks, two streams end before the processor has found
/// out that they are some.
#define LONE_PANEL_BYTES (32 << 10)
#define LONE_BLOCK_BYTES (12 << 10)
#define HAS_HALVES
SPUD_INLINE __m512 floats_of_halves(const uint8_t *from) {
  return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)from));
}
#include "tiles_float.h"

SPUD_TILE(tile_f32)
SPUD_TILE(tile_f16)

SPUD_INLINE __m512i input4(const uint8_t *from) {
  int32_t four;
  memcpy(&four, from, sizeof four);
  return _mm512_set1_epi32(four);
}

/// `m` rows by one panel, or one row by two panels, the second's sums behind the first's.
SPUD_INLINE void tile_pairs_panels(
    const int m, const int panels, const uint8_t *panel, size_t panel_bytes, int64_t units,
    const uint8_t *const *inputs, float *output, size_t stride, int first
) {
  __m512 sums[TILE_ROWS + 1][2];
  SPUD_EACH(i, m + panels - 1) SPUD_EACH(h, 2) sums[i][h] = first ?
      _mm512_setzero_ps() : _mm512_loadu_ps(output + i * stride + 16 * h);
  for (int64_t unit = 0; unit < units; unit++, panel += 128) SPUD_EACH(p, panels) {
    const uint8_t *const weights = panel + p * panel_bytes;
    const __m512bh low = (__m512bh)_mm512_loadu_si512(weights), high = (__m512bh)_mm512_loadu_si512(weights + 64);
    SPUD_EACH(i, m) {
      const __m512bh x = (__m512bh)input4(inputs[i] + 4 * unit);
      sums[p + i][0] = _mm512_dpbf16_ps(sums[p + i][0], low, x);
      sums[p + i][1] = _mm512_dpbf16_ps(sums[p + i][1], high, x);
    }
  }
  SPUD_EACH(i, m + panels - 1) SPUD_EACH(h, 2) _mm512_storeu_ps(output + i * stride + 16 * h, sums[i][h]);
}
SPUD_INLINE void tile_pairs_rows(
    const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride,
        int first
) { tile_pairs_panels(m, 1, panel, 0, units, inputs, output, stride, first); }

/// Few rows go at the pace of memory, whose prefetcher wants lines in ascending order: the scales, used last, come
/// first.
#define KEEP_ORDER \
  if (m <= 4) { uint64_t first_line = *(const volatile uint64_t *)panel; __asm__ volatile("" : : "r"(first_line)); }

/// Three rows or more of 4-bit weights are so much work for a line of memory that the processor's window does not reach
/// the next misses: they are asked for here, early into the second-level cache and late into the first. (Of 8-bit
/// weights, with half the work for a line, the hardware asks early enough, and this costs more than it gains.)
#define FETCH_AHEAD \
  SPUD_EACH(line, 9) { \
    __builtin_prefetch(panel + 8192 + 64 * line, 0, 2); \
    __builtin_prefetch(panel + 1152 + 64 * line, 0, 3); \
  }

/// The scales of a unit's weights, less the exponent of one, to be added to an input's.
#define EXPONENTS \
  __m512i exponents[2]; \
  SPUD_EACH(h, 2) { \
    const __m512 scale = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(panel + 32 * h))); \
    exponents[h] = _mm512_sub_epi32(_mm512_castps_si512(scale), _mm512_set1_epi32(0x3f800000)); \
  }

/// Adds one row's integer sums, scaled, to the floating ones. The two parts of the input's scale are powers of two:
/// adding exponents multiplies by them, and adding the products scales by both, all in pipes that integer products do
/// not use, where a multiplication would cost as much as one. Weights' scales are never zero (pack.c). It stands right
/// behind the row's last products: six rows at a time behind all of them are more than the processor looks ahead, and
/// the pipes of the products run dry meanwhile.
#define FINISH_ROW(i) \
  { \
    const uint8_t *block = inputs[i] + unit * sizeof(spud_block); \
    const __m512i large = input4(block), small = input4(block + 4); \
    SPUD_EACH(h, 2) { \
      const __m512 factor = _mm512_add_ps(_mm512_castsi512_ps(_mm512_add_epi32(exponents[h], large)), \
          _mm512_castsi512_ps(_mm512_add_epi32(exponents[h], small))); \
      sums[i][h] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[i][h]), factor, sums[i][h]); \
    } \
  }

#ifndef EMULATES_AVX512
/// Adds the products of 32 rows' bytes with four of an input's: two registers of weights, one broadcast.
/// In assembly, because the compiler would rather load inputs early and spill sums.
SPUD_INLINE void dot32(__m512i dots[2], __m512i low, __m512i high, const uint8_t *input) {
  __m512i x;
  __asm__("vpbroadcastd %5, %2\n\tvpdpbusd %2, %3, %0\n\tvpdpbusd %2, %4, %1"
          : "+v"(dots[0]), "+v"(dots[1]), "=&v"(x) : "v"(low), "v"(high), "m"(*(const int32_t *)input));
}
#endif

SPUD_INLINE void tile_q8_0_rows(
    const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride,
        int first
) {
  __m512 sums[TILE_ROWS][2];
  SPUD_EACH(i, m) SPUD_EACH(h, 2) sums[i][h] = first ?
      _mm512_setzero_ps() : _mm512_loadu_ps(output + i * stride + 16 * h);
  for (int64_t unit = 0; unit < units; unit++, panel += SPUD_Q8_0_UNIT_BYTES) {
    KEEP_ORDER
    // The offset of 128 in the weights is taken out by where the sums start.
    __m512i dots[TILE_ROWS][2];
    SPUD_EACH(i, m) dots[i][0] = dots[i][1] = input4(
        inputs[i] + unit * sizeof(spud_block) + offsetof(spud_block, correction));
    EXPONENTS
    SPUD_EACH(group, 8) {
      const __m512i low = _mm512_load_si512(panel + SPUD_SCALES_BYTES + group * 128),
          high = _mm512_load_si512(panel + 128 + group * 128);
      SPUD_EACH(i, m) {
        dot32(dots[i], low, high, inputs[i] + unit * sizeof(spud_block) + offsetof(spud_block, quants) + 4 * group);
        if (group == 7) FINISH_ROW(i)
      }
    }
  }
  SPUD_EACH(i, m) SPUD_EACH(h, 2) _mm512_storeu_ps(output + i * stride + 16 * h, sums[i][h]);
}

// Nibbles are left in the upper half of their bytes, 16 times too large: so the offset is 128 here too, and the
// inputs carry a 16th in their scale (NIBBLE_SCALE).
SPUD_INLINE void tile_nibbles(
    const int m, const int fetch, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output,
        size_t stride, int first
) {
  const __m512i mask = _mm512_set1_epi8((char)0xf0);
  // Moves the lower half of a byte to the upper: a bit matrix, in one instruction where a shift needs a mask behind it.
  const __m512i raise = _mm512_set1_epi64(0x01020408);
  __m512 sums[TILE_ROWS][2];
  SPUD_EACH(i, m) SPUD_EACH(h, 2) sums[i][h] = first ?
      _mm512_setzero_ps() : _mm512_loadu_ps(output + i * stride + 16 * h);
  for (int64_t unit = 0; unit < units; unit++, panel += SPUD_Q4_0_UNIT_BYTES) {
    KEEP_ORDER
    if (fetch) FETCH_AHEAD
    __m512i dots[TILE_ROWS][2];
    SPUD_EACH(i, m) dots[i][0] = dots[i][1] = input4(
        inputs[i] + unit * sizeof(spud_block) + offsetof(spud_block, correction));
    EXPONENTS
    SPUD_EACH(part, 8) {
      const uint8_t *line = panel + SPUD_SCALES_BYTES + part / 2 * 128;
      const int upper = part % 2;
      const __m512i w0 = _mm512_load_si512(line), w1 = _mm512_load_si512(line + 64);
      const __m512i low = upper ? _mm512_and_si512(w0, mask) : _mm512_gf2p8affine_epi64_epi8(w0, raise, 0),
          high = upper ? _mm512_and_si512(w1, mask) : _mm512_gf2p8affine_epi64_epi8(w1, raise, 0);
      SPUD_EACH(i, m) {
        dot32(dots[i], low, high,
            inputs[i] + unit * sizeof(spud_block) + offsetof(spud_block, quants) + 4 * (part / 2) + 16 * upper);
        if (part == 7) FINISH_ROW(i)
      }
    }
  }
  SPUD_EACH(i, m) SPUD_EACH(h, 2) _mm512_storeu_ps(output + i * stride + 16 * h, sums[i][h]);
}

/// One row or two by LONE_PANELS panels, a unit of each in turn: so many streams come from memory. The sums are those
/// of one panel at a time; the output is [panels][rows][32].
SPUD_INLINE void rows_of_many(const spud_format format, const int m, const uint8_t *panels, size_t panel_bytes,
    int64_t units, const uint8_t *const *inputs, float *output) {
  const __m512i mask = _mm512_set1_epi8((char)0xf0), raise = _mm512_set1_epi64(0x01020408);
  __m512 all[LONE_PANELS][LONE_ROWS][2];
  SPUD_EACH(p, LONE_PANELS) SPUD_EACH(i, m) SPUD_EACH(h, 2) all[p][i][h] = _mm512_setzero_ps();
  for (int64_t unit = 0; unit < units; unit++) SPUD_EACH(p, LONE_PANELS) {
    const uint8_t *const panel = panels + p * panel_bytes + unit * (int64_t)spud_unit_bytes(format);
    __m512(*const sums)[2] = all[p];
    __m512i dots[LONE_ROWS][2];
    KEEP_ORDER
    SPUD_EACH(i, m) dots[i][0] = dots[i][1] = input4(
        inputs[i] + unit * sizeof(spud_block) + offsetof(spud_block, correction));
    EXPONENTS
    SPUD_EACH(part, 8) {
      const int is_nibble = format == SPUD_Q4_0, upper = is_nibble && part % 2;
      const int group = !is_nibble ? part : part / 2 + 4 * upper;
      const uint8_t *const line = panel + SPUD_SCALES_BYTES + (is_nibble ? part / 2 : part) * 128;
      __m512i low = _mm512_load_si512(line), high = _mm512_load_si512(line + 64);
      if (is_nibble) {
        low = upper ? _mm512_and_si512(low, mask) : _mm512_gf2p8affine_epi64_epi8(low, raise, 0);
        high = upper ? _mm512_and_si512(high, mask) : _mm512_gf2p8affine_epi64_epi8(high, raise, 0);
      }
      SPUD_EACH(i, m) {
        dot32(dots[i], low, high, inputs[i] + unit * sizeof(spud_block) + offsetof(spud_block, quants) + 4 * group);
      }
    }
    SPUD_EACH(i, m) FINISH_ROW(i)
  }
  SPUD_EACH(p, LONE_PANELS) SPUD_EACH(i, m) SPUD_EACH(h, 2) {
    _mm512_storeu_ps(output + (p * m + i) * SPUD_PANEL_ROWS + 16 * h, all[p][i][h]);
  }
}
static void bytes_of_many(spud_format format, int rows, const uint8_t *panels, size_t panel_bytes, int64_t units,
    const uint8_t *const *inputs, float *output) {
  if (format == SPUD_Q8_0 && rows == 1) rows_of_many(SPUD_Q8_0, 1, panels, panel_bytes, units, inputs, output);
  if (format == SPUD_Q8_0 && rows == 2) rows_of_many(SPUD_Q8_0, 2, panels, panel_bytes, units, inputs, output);
  if (format == SPUD_Q4_0 && rows == 1) rows_of_many(SPUD_Q4_0, 1, panels, panel_bytes, units, inputs, output);
  if (format == SPUD_Q4_0 && rows == 2) rows_of_many(SPUD_Q4_0, 2, panels, panel_bytes, units, inputs, output);
}

/// Two loops, because one that asks each time whether to fetch keeps fewer sums in registers.
SPUD_INLINE void tile_q4_0_rows(
    const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride,
        int first
) {
  if (m >= 3 && first == ONLY_PASS) {
    tile_nibbles(m, 1, panel, units, inputs, output, stride, first);
  } else {
    tile_nibbles(m, 0, panel, units, inputs, output, stride, first);
  }
}

#define tile_bf16_rows tile_pairs_rows
#define tile_bf16_panels tile_pairs_panels
SPUD_TILE(tile_bf16)
SPUD_LONE(tile_bf16)
SPUD_LONE(tile_f32)
SPUD_LONE(tile_f16)
SPUD_LONE_OF_MANY(tile_bf16)
SPUD_LONE_OF_MANY(tile_f32)
SPUD_LONE_OF_MANY(tile_f16)
#undef tile_bf16_rows
#undef tile_bf16_panels
SPUD_TILE(tile_q8_0)
SPUD_TILE(tile_q4_0)

static void prepare_bf16(const float *input, int64_t columns, uint8_t *output) {
  for (int64_t i = 0; i < columns; i += 32) {
    const __m512bh pair = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(input + i + 16), _mm512_loadu_ps(input + i));
    _mm512_storeu_si512(output + 2 * i, (__m512i)pair);
  }
}

/// Turns probabilities, in place, into as many bfloat16 and a zero: pairs for products with pairs of values.
static void pair_scores(float *scores, int64_t count) {
  if (count % 2 != 0) scores[count] = 0;  // there is room: rows are a multiple of 32 long
  for (int64_t i = 0; i < count; i += 32) {
    const __m512bh pairs = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(scores + i + 16), _mm512_loadu_ps(scores + i));
    _mm512_storeu_si512((uint8_t *)scores + 2 * i, (__m512i)pairs);
  }
}

static int64_t peak_int8(int64_t turns) {
  __m512i sums[12];
  for (int i = 0; i < 12; i++) sums[i] = _mm512_set1_epi32(i);
  __m512i x = _mm512_set1_epi8(3);
  for (int64_t turn = 0; turn < turns; turn++) {
    SPUD_EACH(i, 12) sums[i] = _mm512_dpbusd_epi32(sums[i], x, x);
    __asm__ volatile("" : VECTOR_OPERAND(x));
  }
  for (int i = 1; i < 12; i++) sums[0] = _mm512_add_epi32(sums[0], sums[i]);
  volatile int32_t keep = _mm512_reduce_add_epi32(sums[0]);
  (void)keep;
  return turns * 12 * 64 * 2;
}

static int64_t peak_bf16(int64_t turns) {
  __m512 sums[12];
  for (int i = 0; i < 12; i++) sums[i] = _mm512_setzero_ps();
  __m512i x = _mm512_set1_epi32(0x3f803f80);
  for (int64_t turn = 0; turn < turns; turn++) {
    SPUD_EACH(i, 12) sums[i] = _mm512_dpbf16_ps(sums[i], (__m512bh)x, (__m512bh)x);
    __asm__ volatile("" : VECTOR_OPERAND(x));
  }
  for (int i = 1; i < 12; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  volatile float keep = _mm512_reduce_add_ps(sums[0]);
  (void)keep;
  return turns * 12 * 32 * 2;
}

#include "blocks_avx512.h"
#include "rows_avx512.h"
#include "kernels_template.h"
#pragma clang attribute pop
#include "tiles_amx.h"
#ifndef EMULATES_AVX512
const spud_kernels *spud_kernels_amx(void) { return NAME(spud_kernels_tiles)(); }
#endif
#else
const spud_kernels *spud_kernels_avx512(void) { return NULL; }
const spud_kernels *spud_kernels_amx(void) { return NULL; }
#endif
