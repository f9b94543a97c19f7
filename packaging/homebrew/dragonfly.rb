# For a tap of your own: fill in the digest of the released tarball (`shasum -a 256`), then `brew install TAP/dragonfly`.
# Written for Homebrew's own conventions, and not tried on a Mac.
class Dragonfly < Formula
  desc "Downloads a file to one host or thousands at link speed, and verifies every byte"
  homepage "https://www.npmjs.com/package/dragonfly-p2p"
  url "https://registry.npmjs.org/dragonfly-p2p/-/dragonfly-p2p-0.1.0.tgz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "Apache-2.0"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    # df stays the system's; ours is libexec/"bin/df", for whoever puts that folder first in PATH
    %w[dragonfly dfget].each do |name|
      (bin/name).write_env_script libexec/"bin"/name, DRAGONFLY_NODE: Formula["node"].opt_bin/"node"
    end
    package = libexec/"lib/node_modules/dragonfly-p2p"
    man1.install Dir[package/"man/df-*.1"]
    man1.install package/"man/df.1" => "dragonfly.1"
    generate_completions_from_executable(bin/"dragonfly", "completion", shells: [:bash, :zsh, :fish])
  end

  service do
    run [opt_bin/"dragonfly", "daemon", "start", "--log-level", "info"]
    environment_variables DRAGONFLY_HOME: var/"lib/dragonfly"
    keep_alive true
    log_path var/"log/dragonfly.log"
    error_log_path var/"log/dragonfly.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/dragonfly --version")
  end
end
