import { Module, type DynamicModule } from '@nestjs/common';
import { TelemetryService } from './telemetry.service.js';

/**
 * Spans and metrics of the cloud, by the SDK of OpenTelemetry that the process has registered before the app
 * starts; where there is none, nothing is done. Beside `PeerCloudModule.forRoot()`:
 *
 * ```ts
 * imports: [PeerCloudModule.forRoot(), PeerCloudTelemetryModule.forRoot()]
 * ```
 */
@Module({})
export class PeerCloudTelemetryModule {
  static forRoot(): DynamicModule {
    return {
      module: PeerCloudTelemetryModule,
      providers: [TelemetryService],
    };
  }
}
