// What the package imports, so that only its own share is measured.
import '@nestjs/axios';
import '@nestjs/schedule';
import 'axios';
import 'class-transformer';
import 'class-validator';
import 'rxjs';
import 'undici';
import { startApp } from './support/start-app.js';

export default () => startApp();
