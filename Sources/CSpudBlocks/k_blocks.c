// Blocks of 256 whose scales are themselves integers under one half-precision number.
#include "blocks.h"

void spud_decode_k_scales(const uint8_t *packed, uint8_t *scales, uint8_t *minima) {
  // The first four take six bits of one byte; the others four bits there, and two on top of an earlier byte.
  for (int i = 0; i < 4; i++) {
    scales[i] = packed[i] & 63;
    minima[i] = packed[i + 4] & 63;
    scales[i + 4] = (uint8_t)((packed[i + 8] & 15) | packed[i] >> 6 << 4);
    minima[i + 4] = (uint8_t)(packed[i + 8] >> 4 | packed[i + 4] >> 6 << 4);
  }
}

void spud_decode_q2_k(const uint8_t *block, float *output) {
  const uint8_t *scales = block, *pairs = block + 16;
  const float d = spud_load_half(block + 80), dmin = spud_load_half(block + 82);
  for (int i = 0; i < 256; i++) {
    const uint8_t scale = scales[i / 16];
    const int quant = pairs[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3;
    output[i] = d * (float)(scale & 15) * (float)quant - dmin * (float)(scale >> 4);
  }
}

void spud_decode_q3_k(const uint8_t *block, float *output) {
  const uint8_t *mask = block, *pairs = block + 32, *packed = block + 96;
  const float d = spud_load_half(block + 108);
  for (int part = 0; part < 16; part++) {
    const int low = part < 8 ? packed[part] & 15 : packed[part - 8] >> 4;
    const int high = packed[8 + part % 4] >> part / 4 * 2 & 3;
    const float step = d * (float)((low | high << 4) - 32);
    for (int i = part * 16; i < part * 16 + 16; i++) {
      const int quant = pairs[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3;
      // A set bit says that nothing is taken away.
      output[i] = step * (float)(quant - (mask[i % 32] >> i / 32 & 1 ? 0 : 4));
    }
  }
}

void spud_decode_q4_k(const uint8_t *block, float *output) {
  const float d = spud_load_half(block), dmin = spud_load_half(block + 2);
  uint8_t scales[8], minima[8];
  spud_decode_k_scales(block + 4, scales, minima);
  for (int part = 0; part < 8; part++) {
    const float step = d * (float)scales[part], base = dmin * (float)minima[part];
    const uint8_t *pairs = block + 16 + part / 2 * 32;
    for (int i = 0; i < 32; i++) {
      output[part * 32 + i] = step * (float)(part % 2 ? pairs[i] >> 4 : pairs[i] & 15) - base;
    }
  }
}

void spud_decode_q5_k(const uint8_t *block, float *output) {
  const float d = spud_load_half(block), dmin = spud_load_half(block + 2);
  uint8_t scales[8], minima[8];
  spud_decode_k_scales(block + 4, scales, minima);
  for (int part = 0; part < 8; part++) {
    const float step = d * (float)scales[part], base = dmin * (float)minima[part];
    const uint8_t *high = block + 16, *pairs = block + 48 + part / 2 * 32;
    for (int i = 0; i < 32; i++) {
      const int low = part % 2 ? pairs[i] >> 4 : pairs[i] & 15;
      output[part * 32 + i] = step * (float)(low | (high[i] >> part & 1) << 4) - base;
    }
  }
}

void spud_decode_q6_k(const uint8_t *block, float *output) {
  const float d = spud_load_half(block + 208);
  const int8_t *scales = (const int8_t *)block + 192;
  for (int i = 0; i < 256; i++) {
    const int side = i / 128, quarter = i / 32 % 4, column = i % 32;
    const uint8_t pair = block[side * 64 + quarter % 2 * 32 + column];
    const int low = quarter < 2 ? pair & 15 : pair >> 4;
    const int high = block[128 + side * 32 + column] >> 2 * quarter & 3;
    output[i] = d * (float)scales[i / 16] * (float)((low | high << 4) - 32);
  }
}

void spud_decode_q8_k(const uint8_t *block, float *output) {
  const float d = spud_load_float(block);
  for (int i = 0; i < 256; i++) output[i] = d * (float)(int8_t)block[4 + i];
}

void spud_decode_iq4_xs(const uint8_t *block, float *output) {
  const float d = spud_load_half(block);
  const uint16_t high = spud_load16(block + 2);
  for (int part = 0; part < 8; part++) {
    const int low = block[4 + part / 2] >> part % 2 * 4 & 15;
    const float step = d * (float)((low | (high >> 2 * part & 3) << 4) - 32);
    const uint8_t *pairs = block + 8 + part * 16;
    for (int i = 0; i < 16; i++) {
      output[part * 32 + i] = step * (float)spud_iq4_values[pairs[i] & 15];
      output[part * 32 + 16 + i] = step * (float)spud_iq4_values[pairs[i] >> 4];
    }
  }
}
