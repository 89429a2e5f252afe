// Tiles for the formats of block_formats.h, in plain C. Included by portable.c alone.
#include "block_formats.h"
#include "vectors.h"

#define DIRECT_ROWS 0
#define GENERIC_CODES

SPUD_INLINE f32x16 halves16(const uint8_t *from) {
  f32x16 floats;
  for (int i = 0; i < 16; i++) floats[i] = spud_float_from_half(spud_load16(from + 2 * i));
  return floats;
}
SPUD_INLINE code_bytes look_up(const int8_t *table, code_bytes codes) {
  for (size_t i = 0; i < sizeof codes; i++) codes[i] = (uint8_t)table[codes[i]];
  return codes;
}

#include "blocks_spread.h"

/// Only ever asked for one row of spread bytes.
SPUD_INLINE void tile_blocks(
    const spud_format format, const int spread, const int m, const uint8_t *bytes, const block_scales *scales,
    int64_t units, const uint8_t *const *inputs, float *output, size_t stride, int first
) {
  (void)spread, (void)m, (void)stride;
  const spud_shape shape = spud_shape_of(format);
  const spud_summed_block *input = (const spud_summed_block *)inputs[0];
  const int groups = 8 / shape.halves;
  if (first) memset(output, 0, SPUD_PANEL_ROWS * sizeof *output);
  for (int64_t block = 0; block < units * shape.blocks; block++, bytes += SPREAD_BYTES, scales++, input++) {
    for (int half = 0; half < shape.halves; half++) {
      const int place = shape.halves == 1 ? 2 : half;
      const float scale = input->scales[0] + input->scales[1];
      for (int row = 0; row < SPUD_PANEL_ROWS; row++) {
        int32_t sum = shape.minima || shape.table ? 0 : input->corrections[place] >> shape.raise;
        for (int group = half * groups; group < (half + 1) * groups; group++) {
          for (int i = 0; i < 4; i++) {
            const uint8_t code = bytes[group * 128 + row * 4 + i];
            sum += (shape.table ? (int8_t)code : code) * input->quants[group * 4 + i];
          }
        }
        output[row] += (float)sum * (scales->factors[half][row] * scale);
        if (shape.minima) output[row] += scales->minima[half][row] * input->sums[place];
      }
    }
  }
}
