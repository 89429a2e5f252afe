#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's keyring has no functions in the C library, and Swift calls none with a variable number of arguments.

/// The serial number of a key of the kind "user" that this process may find; -1, with errno set, if there is none.
static inline long spud_find_key(const char *description) {
  return syscall(SYS_request_key, "user", description, (const char *)0, KEY_SPEC_SESSION_KEYRING);
}

/// Copies at most `count` bytes of a key to `bytes`, and returns how many it has; -1, with errno set, if it may not.
static inline long spud_read_key(long key, unsigned char *bytes, size_t count) {
  return syscall(SYS_keyctl, KEYCTL_READ, key, bytes, count);
}

/// Gives the room of some bytes of a file back, which keeps its length: they read as 0 then. 0; or -1, with errno set.
static inline int spud_punch_hole(int descriptor, long offset, long count) {
  return (int)syscall(SYS_fallocate, descriptor, 3 /* KEEP_SIZE | PUNCH_HOLE */, offset, count);
}
