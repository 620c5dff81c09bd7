// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A program that was started here, with its standard error on a pipe.
final class ChildProcess {
    let id: pid_t
    /// Standard error; it ends when the program does.
    let errors: Int32
    private var status: Int32?

    /// Starts a program found in the usual folders, in the calling thread's network namespace.
    ///
    /// Signals are as a new program expects them, standard input is `input` or empty, standard output is thrown away.
    ///
    /// - Throws: ``SystemError`` if there is no such program or no process to be had.
    init(_ program: String, _ arguments: [String], input: Int32? = nil) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError("make", "a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        Self.resetSignals(&attributes)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), nil]
        defer { for word in words + environment { free(word) } }
        var id: pid_t = 0
        var result = ENOENT
        for folder in ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/", "/usr/local/sbin/"]
        where result == ENOENT {
            result = posix_spawn(&id, folder + program, &actions, &attributes, &words, &environment)
        }
        guard result == 0 else {
            close(ends[0])
            throw SystemError("start", program, code: result)
        }
        self.id = id
        errors = ends[0]
        _ = fcntl(errors, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(errors)
    }

    /// Ends the program: SIGTERM, and SIGKILL after two seconds.
    func end() {
        kill(id, SIGTERM)
        for _ in 0..<200 where !hasEnded { usleep(10_000) }
        if !hasEnded {
            kill(id, SIGKILL)
            _ = wait()
        }
    }

    /// What came on standard error since the last time.
    func readErrors() -> Bytes {
        var result: Bytes = []
        var buffer = Bytes(repeating: 0, count: 4096)
        while case let count = read(errors, &buffer, buffer.count), count > 0 { result += buffer[..<count] }
        return result
    }

    var hasEnded: Bool {
        if status != nil { return true }
        var value: Int32 = 0
        guard waitpid(id, &value, WNOHANG) == id else { return false }
        status = value
        return true
    }

    /// The signal that ended the program, or none.
    var endingSignal: Int32? {
        guard hasEnded, let status, status & 0x7f != 0 else { return nil }
        return status & 0x7f
    }

    /// Waits for the end.
    ///
    /// - Returns: whether the program ended with code 0.
    func wait() -> Bool {
        var value: Int32 = 0
        while status == nil {
            if waitpid(id, &value, 0) == id { status = value } else if errno != EINTR { status = -1 }
        }
        return status == 0
    }

    private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        sigdelset(&all, SIGKILL)
        sigdelset(&all, SIGSTOP)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }
}
