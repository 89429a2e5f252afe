// Products with q8_0 for many rows. Included by products_template.h for avx2.c alone.
//
// A byte is a lower half and sixteen upper ones. Products with halves are so small that the 16 of a block fit 16 bits,
// so they are widened once a block, where products with bytes want a sign and a widening each; and widening takes twice
// as long as a product. The halves are taken apart once for all rows, a slice of a panel at a time. Integer sums are in
// registers; the floating ones in the first-level cache. The sums are those of the tiles, bit for bit.

enum { BYTES_ROWS = 5, BYTES_UNITS = 8, BYTES_OF_UNIT = 2 * SPUD_PANEL_ROWS * SPUD_BLOCK };

typedef struct {
  _Alignas(64) uint8_t halves[BYTES_UNITS * BYTES_OF_UNIT];  ///< [units][8 groups][4 octets][lower, upper][32]
  _Alignas(64) float scales[BYTES_UNITS][SPUD_PANEL_ROWS];
} byte_slice;

static void spread_bytes(const uint8_t *panel, int64_t units, byte_slice *slice) {
  const __m256i mask = _mm256_set1_epi8(15);
  uint8_t *to = slice->halves;
  for (int64_t unit = 0; unit < units; unit++, panel += SPUD_Q8_0_UNIT_BYTES) {
    SPUD_EACH(octet, 4) _mm256_store_ps(slice->scales[unit] + 8 * octet, scales8(panel, octet));
    for (int line = 0; line < 32; line++, to += 64) {
      const __m256i w = _mm256_load_si256((const __m256i *)(panel + SPUD_SCALES_BYTES + 32 * line));
      _mm256_store_si256((__m256i *)to, _mm256_and_si256(w, mask));
      _mm256_store_si256((__m256i *)(to + 32), _mm256_and_si256(_mm256_srli_epi16(w, 4), mask));
    }
  }
}

SPUD_INLINE void tile_bytes_rows(
    const int m, const byte_slice *slice, int64_t units, const uint8_t *const *inputs, float *output, int first
) {
  const __m256i ones = _mm256_set1_epi16(1), sixteens = _mm256_set1_epi16(16);
  for (int octet = 0; octet < 4; octet++) {
    for (int64_t unit = 0; unit < units; unit++) {
      __m256i dots[BYTES_ROWS][2];
      SPUD_EACH(i, m) SPUD_EACH(h, 2) dots[i][h] = _mm256_setzero_si256();
      SPUD_EACH(group, 8) {
        const uint8_t *const at = slice->halves + unit * BYTES_OF_UNIT + group * 256 + 64 * octet;
        const __m256i lower = _mm256_load_si256((const __m256i *)at),
            upper = _mm256_load_si256((const __m256i *)(at + 32));
        SPUD_EACH(i, m) {
          const __m256i x = input4(((const spud_block *)inputs[i] + unit)->quants + 4 * group);
          dots[i][0] = _mm256_add_epi16(dots[i][0], _mm256_maddubs_epi16(lower, x));
          dots[i][1] = _mm256_add_epi16(dots[i][1], _mm256_maddubs_epi16(upper, x));
          DONE_WITH(dots[i][0])
          DONE_WITH(dots[i][1])
        }
        NEXT_WEIGHTS
      }
      const __m256 scale = _mm256_load_ps(slice->scales[unit] + 8 * octet);
      SPUD_EACH(i, m) {
        const spud_block *const block = (const spud_block *)inputs[i] + unit;
        float *const sum = output + i * SPUD_PANEL_ROWS + 8 * octet;
        const __m256i total = _mm256_add_epi32(
            _mm256_add_epi32(_mm256_madd_epi16(dots[i][0], ones), _mm256_madd_epi16(dots[i][1], sixteens)),
            _mm256_set1_epi32(block->correction));
        const __m256 before = first && unit == 0 ? _mm256_setzero_ps() : _mm256_load_ps(sum);
        const __m256 factor = _mm256_mul_ps(scale, _mm256_set1_ps(spud_block_scale(block)));
        _mm256_store_ps(sum, _mm256_fmadd_ps(_mm256_cvtepi32_ps(total), factor, before));
      }
    }
  }
}

static void tile_bytes(const byte_slice *slice, int64_t units, const uint8_t *const *inputs, int m, float *output,
    int first) {
  switch (m) {
    case 1: tile_bytes_rows(1, slice, units, inputs, output, first); break;
    case 2: tile_bytes_rows(2, slice, units, inputs, output, first); break;
    case 3: tile_bytes_rows(3, slice, units, inputs, output, first); break;
    case 4: tile_bytes_rows(4, slice, units, inputs, output, first); break;
    case 5: tile_bytes_rows(5, slice, units, inputs, output, first); break;
    default: tile_bytes_rows(6, slice, units, inputs, output, first); break;
  }
}

SPUD_APART void product_of_bytes(const spud_product *p) {
  const int64_t blocks = (p->rows + SPUD_ROW_BLOCK - 1) / SPUD_ROW_BLOCK;
  byte_slice slice;
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t first_row = p->rows * block / blocks, rows = p->rows * (block + 1) / blocks - first_row;
    const int64_t tiles = (rows + BYTES_ROWS - 1) / BYTES_ROWS;
    const uint8_t *starts[SPUD_ROW_BLOCK], *inputs[SPUD_ROW_BLOCK];
#pragma clang loop vectorize(disable)
    for (int64_t row = 0; row < rows; row++) starts[row] = input_row(p, first_row + row);
    for (int64_t panel = p->first_panel; panel < p->last_panel; panel++) {
      const uint8_t *weights = p->panels + panel * p->panel_bytes;
      for (int64_t unit = 0; unit < p->units; unit += BYTES_UNITS, weights += BYTES_UNITS * SPUD_Q8_0_UNIT_BYTES) {
        const int64_t units = spud_min(BYTES_UNITS, p->units - unit);
        spread_bytes(weights, units, &slice);
        // While the rows pass over this slice, the next one comes from memory, a part with each tile.
        const uint8_t *next = weights + units * SPUD_Q8_0_UNIT_BYTES;
        const int64_t part = (units * SPUD_Q8_0_UNIT_BYTES / tiles + 63) / 64 * 64;
        for (int64_t row = 0; row < rows; row++) inputs[row] = starts[row] + unit * sizeof(spud_block);
        for (int64_t t = 0, row = 0, m; t < tiles; t++, row += m) {
          m = tile_height(rows, tiles, t);
          for (const uint8_t *const end = next + part; next < end; next += 64) __builtin_prefetch(next, 0, 2);
          if (unit == 0 && !is_gated(p)) {
            prefetch_outputs(p, first_row + row, first_row + row + m, panel);
          }
          tile_bytes(&slice, units, inputs + row, (int)m, p->workspace + row * SPUD_PANEL_ROWS, unit == 0);
        }
      }
      finish_rows(p, panel, first_row, rows, p->workspace);
    }
  }
}
