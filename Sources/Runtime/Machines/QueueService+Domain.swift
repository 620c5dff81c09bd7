// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

package import DomainXML
package import PreparedInterface

extension QueueService {
    /// Starts a domain; where it has a wrapper, its taps are served to that meanwhile.
    ///
    /// `interfaces`: what the domain's interfaces were made from, in the same order. `start`: starts it.
    package static func serving(
        _ domain: Domain,
        _ interfaces: [PreparedInterface],
        while start: () async throws -> Void
    ) async throws {
        guard let wrapper = domain.wrapper else { return try await start() }
        let vhosts = domain.accelerator == .kvm && wrapper.offersVhost
        let sources = zip(domain.interfaces, interfaces).compactMap {
            device,
            prepared -> QueueService.Source? in
            guard device.backend == .wrappedTap, case .tap(let tap) = prepared.attachment else { return nil }
            return QueueService.Source(tap: tap, queues: device.queues, vhosts: vhosts ? device.queues : 0)
        }
        let service = QueueService(path: wrapper.socket, user: domain.user.uid, wrapper: wrapper.path)
        let listening = try service.listen()
        async let served = onThreadOfItsOwn { () -> MachineError? in
            service.serve(sources, on: listening, seconds: 60)
        }
        do {
            try await start()
        } catch {
            service.cancel()
            // What went wrong at our side explains why the emulator gave up.
            if let failure = await served { throw failure }
            throw error
        }
        if let failure = await served { throw failure }
    }
}
