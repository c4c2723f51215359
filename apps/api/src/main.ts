import './config/no-debug-output.js';

// A bundle loads the packages that are left outside of it before all that is in it, so this comes later.
await import('./start-api.js');
