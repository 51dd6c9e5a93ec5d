"""Mounts a container's volumes, then executes its program: `python sandbox.py '<json of mounts>' program args...`

The process gets its own mount namespace (without root: in a user namespace that maps its user to itself).
A mount point that the machine does not have is created in that namespace only; the machine's folders stay unchanged.
Runs as a script and imports no package of this project, so that it starts in milliseconds.
"""

# Importing pathlib takes longer than running all of this.
# ruff: noqa: PTH100, PTH101, PTH102, PTH103, PTH112, PTH115, PTH116, PTH118, PTH120, PTH123, PTH211
import ctypes
import errno
import json
import os
import stat
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000
MS_RELATIME = 1 << 21
MNT_DETACH = 2
PR_SET_NO_NEW_PRIVS = 38
_LOCKED_FLAGS = 0x2 | 0x4 | 0x8 | 0x400 | 0x800  # nosuid, nodev, noexec, noatime, nodiratime: same in statvfs and mount
_ST_RELATIME = 4096
_UNREACHABLE = (errno.ENOENT, errno.ENOTDIR, errno.EINVAL, errno.EACCES)
"""What the table of mounts names, but another mount hides, or a folder that this user may not enter."""
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source: str, target: str, kind: str, flags: int) -> None:
    arguments = [None if text == "" else text.encode() for text in (source, target, kind)]
    check(libc.mount(*arguments, ctypes.c_ulong(flags), None), f"mount {source} on {target}")


def enter_namespace() -> None:
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        check(libc.unshare(CLONE_NEWNS), "unshare")
    else:
        check(libc.unshare(CLONE_NEWNS | CLONE_NEWUSER), "unshare")
        for name, content in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(content)
    mount("", "/", "", MS_REC | MS_PRIVATE)


def mirror(original: int, target: str, names: set[str] | None) -> None:
    """Bind the entries of the folder open as `original`, or those with these names, into the empty folder `target`."""
    source = f"/proc/self/fd/{original}"
    for entry in os.scandir(source):
        if names is not None and entry.name not in names:
            continue
        copy = f"{target.rstrip('/')}/{entry.name}"
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), copy)
            continue
        if entry.is_dir(follow_symlinks=False):
            os.mkdir(copy)
        elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode) or entry.is_file(follow_symlinks=False):
            os.close(os.open(copy, os.O_CREAT | os.O_WRONLY))
        else:
            continue  # a socket or pipe of another process
        mount(f"{source}/{entry.name}", copy, "", MS_BIND | MS_REC)


def make_read_only(target: str) -> None:
    current = os.statvfs(target).f_flag
    kept = current & _LOCKED_FLAGS | (MS_RELATIME if current & _ST_RELATIME else 0)
    mount("", target, "", MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def make_root_read_only(writable: list[str]) -> None:
    """All mounts of this namespace but those at or below these paths; device files can be written all the same."""
    with open("/proc/self/mountinfo", "rb") as table:
        escaped = [line.split(b" ")[4].decode("unicode_escape") for line in table]
    points = [os.fsdecode(one.encode("latin-1")) for one in escaped]
    for point in points:
        if not is_below(point, writable):
            try:
                make_read_only(point)
            except OSError as error:
                if error.errno not in _UNREACHABLE:
                    raise


def is_below(path: str, folders: list[str]) -> bool:
    """Whether it is one of the folders or lies in one."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


class Tree:
    """The container's file system: the machine's, plus mounts. `scratch` is an empty folder to build a root on."""

    def __init__(self, scratch: str) -> None:
        self.scratch = scratch
        self.old_root: int | None = None
        self.own_devices: set[int] = set()
        self.targets: list[str] = []

    def bind(self, source: int, target: str, read_only: bool) -> None:
        """Bind the file or folder open as `source` to the path `target`."""
        target = os.path.realpath(target)
        if not os.path.lexists(target):
            self.make_folder(os.path.dirname(target))
            if stat.S_ISDIR(os.fstat(source).st_mode):
                os.mkdir(target)
            else:
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
        mount(f"/proc/self/fd/{source}", target, "", MS_BIND | MS_REC)
        if read_only:
            make_read_only(target)
        self.targets.append(target)

    def make_folder(self, folder: str) -> None:
        """Create `folder` such that mount points in it are not created on the machine."""
        ancestor = folder
        while not os.path.isdir(ancestor):
            ancestor = os.path.dirname(ancestor)
        if not is_below(ancestor, self.targets) and os.stat(ancestor).st_dev not in self.own_devices:
            self.cover(ancestor)
        os.makedirs(folder, exist_ok=True)

    def expose(self, files: list[str]) -> None:
        """Let every user reach these paths: an image's files are not in a folder that only one may enter.

        Such a folder is covered by one that has nothing but the way to them.
        """
        closed: dict[str, set[str]] = {}
        for path in [way for file in files for way in (os.path.abspath(file), os.path.realpath(file))]:
            folder = "/"
            for name in path.strip("/").split("/"):
                if not os.stat(folder).st_mode & stat.S_IXOTH:
                    closed.setdefault(folder, set()).add(name)
                folder = os.path.join(folder, name)
        for folder in sorted(closed):
            self.cover(folder, closed[folder])

    def cover(self, folder: str, names: set[str] | None = None) -> None:
        """Mount a tmpfs with the same entries on `folder`, or with those of these names."""
        original = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        target = self.scratch if folder == "/" else folder
        mount("tmpfs", target, "tmpfs", 0)
        os.chmod(
            target, stat.S_IMODE(os.fstat(original).st_mode) | (0 if names is None else stat.S_IXGRP | stat.S_IXOTH)
        )
        self.own_devices.add(os.stat(target).st_dev)
        mirror(original, target, names)
        os.close(original)
        if folder == "/":
            self.old_root = os.open("/", os.O_PATH | os.O_DIRECTORY)
            os.chdir(target)
            check(libc.syscall(_PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
            os.chdir("/")

    def close(self) -> None:
        """Unmount the machine's root; not earlier, because files in a detached tree can't be bound."""
        if self.old_root is not None:
            os.fchdir(self.old_root)
            check(libc.umount2(b".", MNT_DETACH), "umount of the old root")
            os.close(self.old_root)


def become(uid: int, gid: int, groups: list[int]) -> None:
    """Give up root; what is written to the log may be opened again by its name, so it belongs to the user."""
    for descriptor in (1, 2):
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchown(descriptor, uid, gid)
    os.setgroups(groups)
    os.setgid(gid)
    os.setuid(uid)


def by_depth(mounts: list[tuple[int, str, bool]]) -> list[tuple[int, str, bool]]:
    return sorted(mounts, key=lambda item: item[1].count("/"))


def main(plan: str, argv: list[str]) -> None:
    """`plan`: {"scratch": folder, "cwd": path, "mounts": [[source, target, read only], ...], "files": [path, ...],
    "user": [uid, gid, groups] or null, "no_new_privileges": whether, "read_only_root": whether}.
    """
    config = json.loads(plan)
    enter_namespace()
    # Opened before anything is mounted: a source may lie below a folder that gets covered.
    mounts = [(os.open(source, os.O_PATH), target, read_only) for source, target, read_only in config["mounts"]]
    volumes = [target for _, target, _ in mounts]
    # A volume on /tmp hides none of the image's files, though this machine may have them in its own /tmp.
    files = {way for file in config["files"] for way in (os.path.abspath(file), os.path.realpath(file))}
    covered = [(os.open(file, os.O_PATH), file, True) for file in files if is_below(file, volumes)]
    tree = Tree(config["scratch"])
    if config["user"] is not None:
        tree.expose(config["files"])
    for source, target, read_only in by_depth(mounts) + by_depth(covered):
        tree.bind(source, target, read_only)
        os.close(source)
    tree.close()
    if config["read_only_root"]:
        make_root_read_only(["/dev", "/proc", *volumes])
    if config["no_new_privileges"]:
        check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    if config["user"] is not None:
        become(*config["user"])
    os.chdir(config["cwd"])
    os.execvpe(argv[0], argv, os.environ)


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except OSError as error:
        print(f"cannot start {sys.argv[2]}: {error}", file=sys.stderr)
        sys.exit(127 if isinstance(error, FileNotFoundError) else 126)
