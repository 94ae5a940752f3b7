/** `/status`, asked and answered, with what rides along. */
export { StatusAnswerer } from './status-answerer.js';
export { StatusCaller, type StatusReply } from './status-caller.js';
export type { StatusExtension, StatusService } from './status-extension.js';
