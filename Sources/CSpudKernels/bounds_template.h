// Bounds of blocks of keys, for one instruction set: included once by kernels_template.h.

/// How many blocks ahead their bounds are asked for.
enum { BOUNDS_AHEAD = 8 };

static void bounds(const spud_bounds *b) {
  enum { STEP = 4 * TILE_LANES };
  for (int64_t i = 0; i < b->count; i++) {
    const uint8_t *const row = b->rows[i] + b->offset;
    const uint8_t *const ahead = b->rows[spud_min(i + BOUNDS_AHEAD, b->count - 1)] + b->offset;
    tile_floats sums[4] = {{0}, {0}, {0}, {0}};
    for (int64_t column = 0; column < b->columns; column += STEP) {
      for (int line = 0; line < 2 * STEP; line += 64) __builtin_prefetch(ahead + 2 * column + line, 0, 3);
      for (int part = 0; part < 4; part++) {
        const int64_t at = column + TILE_LANES * part;
        sums[part] += load_values(row, at, b->columns, SPUD_BF16) * *(const tile_floats *)(b->query + at);
      }
    }
    const tile_floats all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    float sum = 0;
    for (int lane = 0; lane < TILE_LANES; lane++) sum += all[lane];
    b->scores[i] = sum;
  }
}
