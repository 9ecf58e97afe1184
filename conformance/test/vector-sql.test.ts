import { sqlScriptSuite } from '../src/script-suite.js';

sqlScriptSuite('vector');
