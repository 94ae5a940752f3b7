export { default } from '../../tools/docs-site/site.js';
