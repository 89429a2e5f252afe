// Tiles for the formats of block_formats.h. Included by avx2.c alone.
#include "block_formats.h"
#include "vectors.h"

#define DIRECT_ROWS TILE_ROWS
#define GENERIC_CODES

SPUD_INLINE f32x16 halves16(const uint8_t *from) {
  typedef float f32x8 __attribute__((vector_size(32)));
  const f32x8 a = (f32x8)_mm256_cvtph_ps(_mm_load_si128((const __m128i *)from)),
      b = (f32x8)_mm256_cvtph_ps(_mm_load_si128((const __m128i *)from + 1));
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
SPUD_INLINE code_bytes look_up(const int8_t *table, code_bytes codes) {
  const __m256i values = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
  return (code_bytes)_mm256_shuffle_epi8(values, (__m256i)codes);
}

#include "blocks_spread.h"

/// So many bytes before they are needed, lines of a panel are asked for.
enum { AHEAD = 2048 };

/// How many groups of four products each fit 16 bits, two to a lane: codes are small.
SPUD_INLINE int groups_of_sum(const spud_shape shape) {
  if (shape.table) return shape.table == spud_e2m1_values ? 8 : 1;
  return !shape.nibbles ? 4 : shape.pairs ? 2 : shape.bits ? 4 : 8;
}

// `octets` of a panel's four octets of rows, from `start` on, or one input row or two by two panels, as the tiles of
// avx2.c.
SPUD_INLINE void tile_blocks_part(
    const spud_format format, const int spread, const int m, const int panels, const int start, const int octets,
    const uint8_t *panel, size_t panel_bytes, const block_scales *scales, int64_t units, const uint8_t *const *inputs,
    float *output, size_t stride, int first
) {
  const spud_shape shape = spud_shape_of(format);
  const int block_bytes = spread ? SPREAD_BYTES : spud_code_bytes(shape), groups = 8 / shape.halves;
  const int together = groups_of_sum(shape) < groups ? groups_of_sum(shape) : groups;
  const __m256i ones = _mm256_set1_epi16(1);
  _Alignas(64) block_scales own[2][8];
  __m256 sums[TILE_ROWS + 1][4];
  SPUD_EACH(i, m * panels) SPUD_EACH(h, octets)
    sums[i][h] = first ? _mm256_setzero_ps() : _mm256_loadu_ps(output + i * stride + 8 * (start + h));
  int64_t index = 0;
  for (; units > 0; units--) {
    if (!spread) {
      SPUD_EACH(p, panels) {
        SPUD_EACH(line, shape.header / 64) __builtin_prefetch(panel + p * panel_bytes + AHEAD + 64 * line, 0, 3);
        spread_scales(format, panel + p * panel_bytes, own[p]);
      }
      panel += shape.header;
    }
    for (int count = 0; count < shape.blocks; count++, panel += block_bytes, index++) SPUD_EACH(p, panels) {
      const uint8_t *const weights = panel + p * panel_bytes;
      const block_scales *const scale = spread ? scales++ : &own[p][count];
      if (!spread) SPUD_EACH(line, block_bytes / 64) __builtin_prefetch(weights + AHEAD + 64 * line, 0, 3);
      SPUD_EACH(h, octets) SPUD_EACH(half, shape.halves) {
        const int place = shape.halves == 1 ? 2 : half;
        __m256i dots[TILE_ROWS];
        SPUD_EACH(i, m) dots[i] = shape.minima || shape.table ? _mm256_setzero_si256() :
            _mm256_set1_epi32(
                ((const spud_summed_block *)inputs[i] + index)->corrections[place] >> shape.raise);
        SPUD_EACH(part, groups / together) {
          __m256i pairs[TILE_ROWS];
          SPUD_EACH(step, together) {
            const int group = half * groups + part * together + step;
            const __m256i w = spread ? _mm256_load_si256((const __m256i *)(weights + group * 128) + start + h) :
                (__m256i)codes(format, weights, group, start + h);
            SPUD_EACH(i, m) {
              const __m256i x = input4(((const spud_summed_block *)inputs[i] + index)->quants + 4 * group);
              // Of signed weights the magnitude is the unsigned operand, and the input takes the sign.
              const __m256i products = shape.table ?
                  _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)) : _mm256_maddubs_epi16(w, x);
              pairs[i] = step == 0 ? products : _mm256_add_epi16(pairs[i], products);
              DONE_WITH(pairs[i])
            }
          }
          SPUD_EACH(i, m) dots[i] = _mm256_add_epi32(dots[i], _mm256_madd_epi16(pairs[i], ones));
        }
        const __m256 factor = _mm256_load_ps(scale->factors[half] + 8 * (start + h));
        SPUD_EACH(i, m) {
          const spud_summed_block *const block = (const spud_summed_block *)inputs[i] + index;
          const __m256 x = _mm256_set1_ps(block->scales[0] + block->scales[1]);
          sums[p * m + i][h] = _mm256_fmadd_ps(
              _mm256_cvtepi32_ps(dots[i]), _mm256_mul_ps(factor, x), sums[p * m + i][h]);
          if (shape.minima) {
            const __m256 minima = _mm256_load_ps(scale->minima[half] + 8 * (start + h));
            sums[p * m + i][h] = _mm256_fmadd_ps(minima, _mm256_set1_ps(block->sums[place]), sums[p * m + i][h]);
          }
        }
      }
    }
  }
  SPUD_EACH(i, m * panels) SPUD_EACH(h, octets) _mm256_storeu_ps(output + i * stride + 8 * (start + h), sums[i][h]);
}

SPUD_INLINE void tile_blocks(
    const spud_format format, const int spread, const int m, const uint8_t *panel, const block_scales *scales,
    int64_t units, const uint8_t *const *inputs, float *output, size_t stride, int first
) {
  if (!spread || m <= ONE_PASS_ROWS) {
    tile_blocks_part(format, spread, m, 1, 0, 4, panel, 0, scales, units, inputs, output, stride, first);
  } else {
    for (int start = 0; start < 4; start += 2) {
      tile_blocks_part(format, spread, m, 1, start, 2, panel, 0, scales, units, inputs, output, stride, first);
    }
  }
}

SPUD_INLINE int has_row_blocks(const spud_format format) { return format >= SPUD_Q4_K; }

SPUD_INLINE void tile_blocks_lone(const spud_format format, const int m, const uint8_t *panels, size_t panel_bytes,
    int64_t units, const uint8_t *const *inputs, float *output) {
  tile_blocks_part(
      format, 0, m, LONE_PANELS, 0, 4, panels, panel_bytes, NULL, units, inputs, output, SPUD_PANEL_ROWS, 1);
}
