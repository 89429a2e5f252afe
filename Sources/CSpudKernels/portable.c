// Kernels for any processor: plain C that the compiler vectorizes for the baseline. Also what the faster ones are
// tested against.
#include "common.h"

#define NAME(x) x##_portable
#define NIBBLE_SCALE 1.0f
#define TILE_ROWS 1
#define ONE_PASS_ROWS TILE_ROWS
#define BF16_INPUT_UNIT 8
#define TILE_LANES 16
#include "tiles_float.h"

SPUD_TILE(tile_f32)
SPUD_TILE(tile_bf16)
SPUD_TILE(tile_f16)

static void tile_q8_0(const uint8_t *panel, int64_t units, const uint8_t *const *inputs, int m, float *output,
    size_t stride,
                      int first) {
  (void)m, (void)stride;
  const spud_block *input = (const spud_block *)inputs[0];
  if (first) memset(output, 0, SPUD_PANEL_ROWS * sizeof *output);
  for (int64_t unit = 0; unit < units; unit++, panel += SPUD_Q8_0_UNIT_BYTES, input++) {
    const uint8_t *weights = panel + SPUD_SCALES_BYTES;
    for (int row = 0; row < SPUD_PANEL_ROWS; row++) {
      int32_t sum = input->correction;
      for (int group = 0; group < 8; group++)
        for (int i = 0; i < 4; i++) sum += weights[group * 128 + row * 4 + i] * input->quants[group * 4 + i];
      output[row] += (float)sum * (spud_float_from_half(spud_load16(panel + 2 * row)) * spud_block_scale(input));
    }
  }
}

static void tile_q4_0(const uint8_t *panel, int64_t units, const uint8_t *const *inputs, int m, float *output,
    size_t stride,
                      int first) {
  (void)m, (void)stride;
  const spud_block *input = (const spud_block *)inputs[0];
  if (first) memset(output, 0, SPUD_PANEL_ROWS * sizeof *output);
  for (int64_t unit = 0; unit < units; unit++, panel += SPUD_Q4_0_UNIT_BYTES, input++) {
    const uint8_t *weights = panel + SPUD_SCALES_BYTES;
    for (int row = 0; row < SPUD_PANEL_ROWS; row++) {
      int32_t sum = input->correction / 16;
      for (int group = 0; group < 4; group++) {
        for (int i = 0; i < 4; i++) {
          const uint8_t pair = weights[group * 128 + row * 4 + i];
          sum += (pair & 15) * input->quants[group * 4 + i] + (pair >> 4) * input->quants[16 + group * 4 + i];
        }
      }
      output[row] += (float)sum * (spud_float_from_half(spud_load16(panel + 2 * row)) * spud_block_scale(input));
    }
  }
}

static void prepare_f32(const float *input, int64_t columns, uint8_t *output);
static void prepare_bf16(const float *input, int64_t columns, uint8_t *output) { prepare_f32(input, columns, output); }

static int64_t peak_f32(int64_t turns);
static int64_t peak_bf16(int64_t turns) { return peak_f32(turns); }
static int64_t peak_int8(int64_t turns) {
  int16_t values[64];
  int32_t sums[64] = {0};
  for (int i = 0; i < 64; i++) values[i] = (int16_t)i;
  for (int64_t turn = 0; turn < turns; turn++) {
    for (int i = 0; i < 64; i++) sums[i] += values[i] * (int16_t)turn;
    __asm__ volatile("" : : "r"(sums) : "memory");
  }
  return turns * 64 * 2;
}

#include "blocks_portable.h"
#include "kernels_template.h"
