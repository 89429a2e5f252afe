#pragma once
#include <stdio.h>
#include <editline/readline.h>

/* A line of a person's, edited on standard error, so that standard output holds answers only; NULL at the end. */
static inline char *spud_read_line(const char *prompt) {
  rl_outstream = stderr;
  return readline(prompt);
}
