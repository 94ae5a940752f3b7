/** `/status`, asked and answered, with what rides along. */
export { StatusAnswerer } from './status-answerer.js';
export {
  StatusCaller,
  type StatusReply,
  type StatusExtension,
  type StatusService,
  type StatusSockets,
} from './status-caller.js';
