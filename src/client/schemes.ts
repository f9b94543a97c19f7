// The schemes of sources, for who reads them off a URL before anything else is loaded.
export { SCHEMES_TEXT, sourceSchemeOf } from '../core/source-schemes.ts'
