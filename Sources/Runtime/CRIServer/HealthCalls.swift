// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import Pods

/// gRPC's health checking: whoever gets an answer is served.
struct HealthCalls: RegistrableRPCService {
    let journal: CallJournal

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.serve("Check", of: .health, journal) {
            (request: HealthHealthCheckRequest) async throws(PodServiceError) -> HealthHealthCheckResponse in
            guard request.service.isEmpty || ServiceName(rawValue: request.service) != nil else {
                let name = PodServiceError.shortened(request.service)
                throw PodServiceError(.notFound, "there is no service \"\(name)\" here")
            }
            return .with(\.status, .serving)
        }
        router.refuse("Watch", of: .health, "ask again by Check")
    }
}
