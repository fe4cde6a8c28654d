/* Stands before fsync and fdatasync (LD_PRELOAD). The file named by FSYNC_MODE says what they do,
 * read at each call: "E" fails with EIO, "S" takes 300 ms longer, anything else is the real thing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char mode(void) {
    char found = '-';
    const char *path = getenv("FSYNC_MODE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        if (read(fd, &found, 1) != 1) found = '-';
        close(fd);
    }
    return found;
}

static int sync_by(const char *name, int fd) {
    switch (mode()) {
    case 'E':
        errno = EIO;
        return -1;
    case 'S':
        usleep(300000);
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}

int fsync(int fd) { return sync_by("fsync", fd); }

int fdatasync(int fd) { return sync_by("fdatasync", fd); }
