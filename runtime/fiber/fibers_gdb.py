"""Backtraces of suspended fibers in gdb, live or from a core file (x86-64).

    (gdb) source runtime/fiber/fibers_gdb.py
    (gdb) fibers            every fiber and its backtrace
    (gdb) fibers waiter     only roles that contain "waiter"

Reads the schedulers and field offsets by symbol (runtime/fiber/fiber_debug.cc), so that a program built with -g1 is
enough. While a fiber is shown, an unwinder replaces the registers of the selected thread by those that jump_fcontext
saved on the fiber's stack.
"""

import gdb
from gdb.unwinder import Unwinder, register_unwinder

# Where Boost.Context 1.81 (jump_x86_64_sysv_elf_gas.S) saves what it preserves.
SAVED_REGISTERS = {"r12": 0x10, "r13": 0x18, "r14": 0x20, "r15": 0x28, "rbx": 0x30, "rbp": 0x38, "rip": 0x40}
SAVED_SIZE = 0x48
STATES = ["ready, last in", "running", "waits in", "finished"]
LAYOUT = ["scheduler_next", "scheduler_fibers", "fiber_hook", "context", "role", "key", "state", "waiting_in",
          "started"]


def read_u64(address):
    return int.from_bytes(gdb.selected_inferior().read_memory(address, 8).tobytes(), "little")


def read_u8(address):
    return gdb.selected_inferior().read_memory(address, 1).tobytes()[0]


def read_text(address):
    return gdb.Value(address).cast(gdb.lookup_type("char").pointer()).string(errors="replace")


def address_of(symbol):
    return int(gdb.parse_and_eval("(unsigned long)&" + symbol))


class Here:
    """A frame's identity, as gdb wants it."""

    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class FiberUnwinder(Unwinder):
    """Makes the innermost frame look as if it had been called by the suspended fiber."""

    def __init__(self):
        super().__init__("orrery fibers")
        self.context = None  # fcontext of the fiber being shown

    def __call__(self, pending):
        if self.context is None:
            return None
        pc = int(pending.read_register("rip"))
        sp = int(pending.read_register("rsp"))
        if (pc, sp) != self.innermost:
            return None
        word = gdb.lookup_type("unsigned long")
        # gdb stops where a caller's stack pointer is below its callee's; so this frame pretends to be deeper.
        info = pending.create_unwind_info(Here(gdb.Value(self.context - 64), gdb.Value(pc)))
        for register, offset in SAVED_REGISTERS.items():
            info.add_saved_register(register, gdb.Value(read_u64(self.context + offset)).cast(word))
        info.add_saved_register("rsp", gdb.Value(self.context + SAVED_SIZE).cast(word))
        return info

    def show(self, context):
        frame = gdb.newest_frame()
        self.innermost = (int(frame.read_register("rip")), int(frame.read_register("rsp")))
        self.context = context
        gdb.invalidate_cached_frames()
        try:
            text = gdb.execute("backtrace 64", to_string=True)
            for line in text.splitlines()[1:]:  # Frame 0 is where the thread really stands.
                if " make_fcontext " in line:
                    break  # What follows is above the fiber's stack.
                print("  " + line)
        finally:
            self.context = None
            gdb.invalidate_cached_frames()


unwinder = FiberUnwinder()
register_unwinder(None, unwinder, replace=True)


def fibers_of(scheduler, layout):
    head = scheduler + layout["scheduler_fibers"]
    hook = read_u64(head)  # ListHook::next_
    while hook != head:
        yield hook - layout["fiber_hook"]
        hook = read_u64(hook)


class FibersCommand(gdb.Command):
    """fibers [ROLE]: every fiber (whose role contains ROLE) and its backtrace."""

    def __init__(self):
        super().__init__("fibers", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        table = address_of("orrery_fiber_layout")
        layout = {name: read_u64(table + 8 * i) for i, name in enumerate(LAYOUT)}
        scheduler = read_u64(address_of("orrery_fiber_schedulers"))
        while scheduler != 0:
            print("scheduler %#x" % scheduler)
            try:
                for fiber in fibers_of(scheduler, layout):
                    self.show_fiber(fiber, layout, argument.strip())
            except gdb.MemoryError as error:
                print("the fibers' stacks are not in this core: %s (gdb's gcore leaves them out; the kernel does not)"
                      % error)
            scheduler = read_u64(scheduler + layout["scheduler_next"])

    def show_fiber(self, fiber, layout, wanted):
        role = read_text(read_u64(fiber + layout["role"]))
        if wanted not in role:
            return
        state = read_u8(fiber + layout["state"])
        where = read_text(read_u64(fiber + layout["waiting_in"]))
        print("fiber %s/%d (%#x): %s %s" % (role, read_u64(fiber + layout["key"]), fiber, STATES[state], where))
        if read_u8(fiber + layout["started"]) and STATES[state] != "running":
            unwinder.show(read_u64(fiber + layout["context"]))


FibersCommand()
