{{- define "dragonfly.name" -}}
{{- if contains "dragonfly" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-dragonfly" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "dragonfly.selector" -}}
app.kubernetes.io/name: dragonfly
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dragonfly.labels" -}}
{{ include "dragonfly.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "dragonfly.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* What daemons and seeds have in common. */}}
{{- define "dragonfly.args" -}}
- --listen=/ip4/0.0.0.0/tcp/{{ .Values.port }}
- --bootstrap=dns:{{ include "dragonfly.name" . }}.{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}:{{ .Values.port }}
- --log-level={{ .Values.logLevel }}
- --log-format=json
{{- if .Values.fleet.enabled }}
- --fleet=/etc/dragonfly/fleet/fleet.json
{{- end }}
{{- with .Values.limits.receive }}
- --limit={{ . }}
{{- end }}
{{- with .Values.limits.upload }}
- --upload-limit={{ . }}
{{- end }}
{{- with .Values.limits.total }}
- --total-limit={{ . }}
{{- end }}
{{- end }}

{{- define "dragonfly.security" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* Both answer on the control socket; a start of the program costs about 0.2 s of CPU. */}}
{{- define "dragonfly.probes" -}}
startupProbe:
  exec: { command: [dragonfly, daemon, status, --json] }
  periodSeconds: 3
  timeoutSeconds: 10
  failureThreshold: 40
livenessProbe:
  exec: { command: [dragonfly, daemon, status, --json] }
  periodSeconds: 60
  timeoutSeconds: 20
  failureThreshold: 3
{{- end }}

{{- define "dragonfly.mounts" -}}
- { name: store, mountPath: /var/lib/dragonfly }
- { name: config, mountPath: /etc/dragonfly/config, readOnly: true }
{{- if .Values.fleet.enabled }}
- { name: fleet, mountPath: /etc/dragonfly/fleet, readOnly: true }
{{- end }}
{{- end }}

{{- define "dragonfly.volumes" -}}
- name: config
  configMap: { name: {{ include "dragonfly.name" . }} }
{{- if .Values.fleet.enabled }}
# of root, and readable by the group of the pod
- name: fleet
  secret: { secretName: {{ .Values.fleet.secret }}, defaultMode: 0440 }
{{- end }}
{{- end }}
