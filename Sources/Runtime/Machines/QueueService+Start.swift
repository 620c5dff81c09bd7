// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension QueueService {
    /// Starts a domain; where it has a wrapper, taps are served to that meanwhile.
    ///
    /// `socket`: where the wrapper asks for them. `user`: who QEMU runs as. `start`: starts the domain.
    package static func serving(
        _ taps: [Source],
        to wrapper: String?,
        at socket: String,
        as user: UInt32,
        while start: () async throws -> Void
    ) async throws {
        guard let wrapper else { return try await start() }
        let service = QueueService(path: socket, user: user, wrapper: wrapper)
        let listening = try service.listen()
        async let served = onThreadOfItsOwn { () -> MachineError? in
            service.serve(taps, on: listening)
        }
        do {
            // However long that takes: libvirt may examine the emulator first.
            try await start()
            service.finish(within: 10)
        } catch {
            service.cancel()
            // What went wrong at our side explains why the emulator gave up.
            if let failure = await served { throw failure }
            throw error
        }
        if let failure = await served { throw failure }
    }
}
