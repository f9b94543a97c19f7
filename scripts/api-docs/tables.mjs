// TypeDoc plugin: EVENTS and METRICS are tables of docs/reference.md; the API pages show that they are there, not every row.
import { Converter, IntrinsicType, ReflectionKind } from 'typedoc'

const TABLES = new Set(['EVENTS', 'METRICS'])

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const variable of project.getReflectionsByKind(ReflectionKind.Variable)) {
      if (!TABLES.has(variable.name)) continue
      project.removeTypeReflections(variable.type)
      variable.type = new IntrinsicType('object')
      delete variable.defaultValue
    }
  })
}
