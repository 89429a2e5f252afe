// The instructions on tiles that tiles_amx.h uses, in C, as Intel's guide defines them. What is not laid out, as after
// a release, cannot be used.
#pragma once
#include <stdlib.h>

#include "intrinsics.h"

typedef union { uint8_t bytes[16][64]; float floats[16][16]; uint16_t halves[16][32]; } emulated_tile;
static _Thread_local emulated_tile emulated_tiles[8];
static _Thread_local int emulated_tiles_are_laid_out;

EMULATED emulated_tile *tile_at(int number) {
  if (!emulated_tiles_are_laid_out) abort();
  return &emulated_tiles[number];
}

EMULATED void _tile_loadconfig(const void *layout) {
  const uint8_t *const bytes = layout;
  if (bytes[0] != 1 || bytes[1] != 0) abort();
  for (int i = 0; i < 8; i++) if (bytes[16 + 2 * i] != 64 || bytes[17 + 2 * i] != 0 || bytes[48 + i] != 16) abort();
  memset(emulated_tiles, 0, sizeof emulated_tiles);
  emulated_tiles_are_laid_out = 1;
}
EMULATED void _tile_release(void) { emulated_tiles_are_laid_out = 0; }
EMULATED void _tile_zero(int tile) { memset(tile_at(tile), 0, sizeof(emulated_tile)); }
EMULATED void _tile_loadd(int tile, const void *from, size_t stride) {
  emulated_tile *const to = tile_at(tile);
  EACH(16) memcpy(to->bytes[i], (const uint8_t *)from + (size_t)i * stride, 64);
}
EMULATED void _tile_stored(int tile, void *to, size_t stride) {
  const emulated_tile *const from = tile_at(tile);
  EACH(16) memcpy((uint8_t *)to + (size_t)i * stride, from->bytes[i], 64);
}

/// sums[m][n] += Σ a[m][k] · b[k / 2][2 n + k % 2] of bfloat16, even and odd k summed apart; subnormal ones are zero.
/// (Subnormal sums are zero there, and not here. Products are rounded here, which they are not there: unoptimized, as
/// tests are built, fused ones take a call each.)
EMULATED void _tile_dpbf16ps(int sums, int a, int b) {
  emulated_tile *const to = tile_at(sums);
  const emulated_tile *const x = tile_at(a), *const w = tile_at(b);
  emulated_operations += 2 * 16 * 16 * 32;
  for (int m = 0; m < 16; m++) {
    __m512 parts[2] = {{0}, {0}};
    for (int k = 0; k < 16; k++) {
      const words pairs = (words)lanes_at(w->bytes[k]).si;
      for (int odd = 0; odd < 2; odd++) {
        const words bits = odd ? pairs & 0xffff0000u : pairs << 16;
        const __m512 value = (__m512)(bits & (words)((bits & 0x7f800000u) != 0));
        const uint16_t input = x->halves[m][2 * k + odd];
        parts[odd] += value * spud_float_from_bf16(input & 0x7f80 ? input : 0);
      }
    }
    const __m512 sum = lanes_at(to->floats[m]).ps + (parts[0] + parts[1]);
    memcpy(to->floats[m], &sum, sizeof sum);
  }
}
