// The default theme with the fonts of the system.
import theme from 'vitepress/theme-without-fonts'

// biome-ignore lint/style/noDefaultExport: VitePress reads it so
export default theme
