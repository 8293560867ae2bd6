/* A file system that fails on demand: preloaded (LD_PRELOAD) into tlslake, it counts the calls that change what is below one folder, and makes
   one of them fail, fall short, or end the process.

   TLSLAKE_SHIM_DIR     the folder; calls on other paths go through and are not counted
   TLSLAKE_SHIM_AT      the number of the call to act on, from 1; without it, calls are only counted
   TLSLAKE_SHIM_ACTION  kill     end the process before the call, with SIGKILL
                        torn     likewise, but a write has written half of its bytes
                        short    write half of the bytes and say so; calls other than writes go through
                        NUMBER   fail with that errno
   TLSLAKE_SHIM_LASTS   if set, every later call of that name fails likewise, as on a full disk
   TLSLAKE_SHIM_LOG     a file to which each counted call is appended: its name, a tab, its path (of a rename: both, with a tab between) */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum verdict { GO, FAIL, HALF, HALF_AND_DIE };

static atomic_long calls;
static _Atomic(const char *) failing;

static int is_below(const char *path)
{
    const char *folder = getenv("TLSLAKE_SHIM_DIR");
    size_t length = folder ? strlen(folder) : 0;
    return length && path && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* The path of an open file; empty where there is none. */
static const char *path_of(int file, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return path;
}

/* A path as it is given to a call of the -at family. */
static const char *path_at(int folder, const char *path, char *whole)
{
    if (path[0] == '/' || folder == AT_FDCWD)
        return path;
    char base[PATH_MAX];
    if (snprintf(whole, PATH_MAX, "%s/%s", path_of(folder, base), path) >= PATH_MAX)
        return path;
    return whole;
}

static void note(const char *name, const char *path, const char *other)
{
    const char *log = getenv("TLSLAKE_SHIM_LOG");
    if (!log)
        return;
    char line[2 * PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%s\t%s%s%s\n", name, path, other ? "\t" : "", other ? other : "");
    int file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0 || length <= 0 || syscall(SYS_write, file, line, length) != length)
        abort(); /* a log with gaps would prove nothing */
    syscall(SYS_close, file);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Counts a call on `path` and decides what becomes of it. */
static enum verdict judge(const char *name, const char *path, const char *other, int writes)
{
    if (!is_below(path) && !(other && is_below(other)))
        return GO;
    note(name, path, other);
    const char *at = getenv("TLSLAKE_SHIM_AT"), *action = getenv("TLSLAKE_SHIM_ACTION");
    long call = atomic_fetch_add(&calls, 1) + 1;
    if (!at || !action)
        return GO;
    const char *lasting = atomic_load(&failing);
    if (lasting && strcmp(lasting, name) == 0) {
        errno = atoi(action);
        return FAIL;
    }
    if (call != atol(at))
        return GO;
    if (strcmp(action, "kill") == 0 || (strcmp(action, "torn") == 0 && !writes))
        die();
    if (strcmp(action, "torn") == 0)
        return HALF_AND_DIE;
    if (strcmp(action, "short") == 0)
        return writes ? HALF : GO;
    if (getenv("TLSLAKE_SHIM_LASTS"))
        atomic_store(&failing, name);
    errno = atoi(action);
    return FAIL;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Whether opening changes something: creates, truncates, or is for writing. Looking is not counted. */
#define CHANGES(flags) (((flags) & (O_CREAT | O_TRUNC)) || ((flags) & O_ACCMODE) != O_RDONLY)

#define OPEN(name)                                                                                                                            \
    int name(const char *path, int flags, ...)                                                                                                \
    {                                                                                                                                         \
        va_list rest;                                                                                                                         \
        va_start(rest, flags);                                                                                                                \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;                                                             \
        va_end(rest);                                                                                                                         \
        if (CHANGES(flags) && judge("open", path, NULL, 0) != GO)                                                                             \
            return -1;                                                                                                                        \
        return REAL(name)(path, flags, mode);                                                                                                 \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                                          \
    int name(int folder, const char *path, int flags, ...)                                                                                    \
    {                                                                                                                                         \
        va_list rest;                                                                                                                         \
        va_start(rest, flags);                                                                                                                \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;                                                             \
        va_end(rest);                                                                                                                         \
        char whole[PATH_MAX];                                                                                                                 \
        if (CHANGES(flags) && judge("open", path_at(folder, path, whole), NULL, 0) != GO)                                                     \
            return -1;                                                                                                                        \
        return REAL(name)(folder, path, flags, mode);                                                                                         \
    }
OPENAT(openat)
OPENAT(openat64)

/* `call` writes `count` bytes, `half` half of them. */
#define WRITING(file, count, call, half)                                                                                                      \
    char path[PATH_MAX];                                                                                                                      \
    enum verdict verdict = judge("write", path_of(file, path), NULL, (count) > 1);                                                            \
    if (verdict == FAIL)                                                                                                                      \
        return -1;                                                                                                                            \
    if (verdict == GO)                                                                                                                        \
        return call;                                                                                                                          \
    ssize_t written = half;                                                                                                                   \
    if (verdict == HALF_AND_DIE)                                                                                                              \
        die();                                                                                                                                \
    return written

ssize_t write(int file, const void *bytes, size_t count)
{
    WRITING(file, count, REAL(write)(file, bytes, count), REAL(write)(file, bytes, count / 2));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
    WRITING(file, count, REAL(pwrite)(file, bytes, count, offset), REAL(pwrite)(file, bytes, count / 2, offset));
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset)
{
    WRITING(file, count, REAL(pwrite64)(file, bytes, count, offset), REAL(pwrite64)(file, bytes, count / 2, offset));
}

ssize_t writev(int file, const struct iovec *pieces, int count)
{
    size_t first = count > 0 ? pieces[0].iov_len : 0;
    WRITING(file, first, REAL(writev)(file, pieces, count), REAL(write)(file, pieces[0].iov_base, first / 2));
}

#define ON_FILE(name, parameters, arguments)                                                                                                  \
    int name parameters                                                                                                                       \
    {                                                                                                                                         \
        char path[PATH_MAX];                                                                                                                  \
        return judge(#name, path_of(file, path), NULL, 0) == GO ? REAL(name) arguments : -1;                                                  \
    }
ON_FILE(fsync, (int file), (file))
ON_FILE(fdatasync, (int file), (file))
ON_FILE(ftruncate, (int file, off_t length), (file, length))
ON_FILE(ftruncate64, (int file, off64_t length), (file, length))

#define ON_PATH(name, parameters, arguments)                                                                                                  \
    int name parameters                                                                                                                       \
    {                                                                                                                                         \
        return judge(#name, path, NULL, 0) == GO ? REAL(name) arguments : -1;                                                                 \
    }
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
ON_PATH(unlink, (const char *path), (path))
ON_PATH(rmdir, (const char *path), (path))

int unlinkat(int folder, const char *path, int flags)
{
    char whole[PATH_MAX];
    return judge("unlink", path_at(folder, path, whole), NULL, 0) == GO ? REAL(unlinkat)(folder, path, flags) : -1;
}

int rename(const char *from, const char *to)
{
    return judge("rename", from, to, 0) == GO ? REAL(rename)(from, to) : -1;
}
