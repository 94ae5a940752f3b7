import { Controller, Get, Param, Put } from '@nestjs/common';
import { type Settings, SettingsService } from './settings.service.js';

@Controller('settings')
export class SettingsController {
  readonly #service: SettingsService;

  constructor(service: SettingsService) {
    this.#service = service;
  }

  @Get()
  get(): Settings {
    return this.#service.settings;
  }

  @Put('theme/:theme')
  async put(@Param('theme') theme: string): Promise<Settings> {
    await this.#service.change(theme);
    return this.#service.settings;
  }
}
