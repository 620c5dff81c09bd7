// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import Machines
import Pods
import PreparedInterface

extension PodRuntime {
    /// How long reading a pod's texts and volumes may take.
    private static var mostPreparation: Duration { .seconds(30) }

    /// What a guest is made of, read from the pod's texts.
    func shape(
        _ configuration: ContainerConfiguration,
        in sandbox: SandboxRecord
    ) async throws(PodServiceError) -> GuestShape {
        let (needs, nodeBytes) = (settings.needs, nodeMemory)
        return try await preparing(sandbox) { () throws(PodServiceError) in
            try GuestShape(configuration, in: sandbox.configuration, needs: needs, nodeBytes: nodeBytes)
        }
    }

    /// The seed of a container's guest, read from the pod's texts and volumes.
    func seed(
        _ container: ContainerRecord,
        _ sandbox: SandboxRecord,
        _ interfaces: [PreparedInterface],
        _ operators: MachineRequest.Guest? = nil
    ) async throws(PodServiceError) -> Seed {
        try await preparing(sandbox) { () throws(PodServiceError) in
            var guest = try GuestDescription(container, in: sandbox)
            if let operators { try guest.take(operators) }
            do throws(CloudInitError) {
                return try Seed(guest: guest, interfaces: interfaces.map { GuestInterface($0) })
            } catch {
                throw Self.error(error)
            }
        }
    }

    /// Reads what a pod's author wrote, on a thread of its own: other calls are answered meanwhile.
    ///
    /// Two pods at once: what it takes of memory and processor does not grow with the number of calls.
    private func preparing<Value: Sendable>(
        _ sandbox: SandboxRecord,
        _ body: @escaping @Sendable () throws(PodServiceError) -> Value
    ) async throws(PodServiceError) -> Value {
        let pod = PodServiceError.shortened(sandbox.configuration.metadata.name)
        do {
            return try await preparations.holding(sandbox.id) {
                try await within(Self.mostPreparation, "reading the texts and volumes of the pod \(pod)") {
                    () async throws(PodServiceError) in
                    let result = await onThreadOfItsOwn { () -> Result<Value, PodServiceError> in
                        do throws(PodServiceError) { return .success(try body()) } catch {
                            return .failure(error)
                        }
                    }
                    return try result.get()
                }
            }
        } catch {
            throw Self.error(error)
        }
    }
}
